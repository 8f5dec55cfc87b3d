import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import {
  ok,
  startRawBackend,
  unusedPort,
  type BackendScript,
  type RawBackend,
} from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { entry, startProxy } from '../http1/setup.ts';

/** A proxy that asks the second backend when the first takes longer than 30 ms. */
async function start(
  first: BackendScript,
  second: BackendScript,
  settings: object = {},
): Promise<{ proxy: DataPath; one: RawBackend; two: RawBackend }> {
  const [one, two] = await Promise.all([startRawBackend(first), startRawBackend(second)]);
  const backends = [{ address: `127.0.0.1:${one.port}` }, { address: `127.0.0.1:${two.port}`, backup: true }];
  const proxy = await startProxy({
    upstreams: {
      site: { minAvailable: 2, backends, retries: { attempts: 2, hedge: { after: '30ms' } }, ...settings },
    },
  });
  return { proxy, one, two };
}

const never: BackendScript = () => {};
const budgetOf = (proxy: DataPath) => proxy.upstreams.get('site')?.budget;

test('a first backend that does not answer in time: the second one does, and the first is left', async () => {
  const { proxy, one, two } = await start(never, (request) => request.reply(ok('second')));
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).body).toBe('second');
  expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
  await one.connections[0]?.end();
  expect(await entry(proxy)).toMatchObject({
    attempts: 2,
    status: 200,
    error: null,
    backend: `127.0.0.1:${two.port}`,
  });
  expect(budgetOf(proxy)).toMatchObject({ hedges: 1, retries: 1 });
  expect(proxy.upstreams.get('site')?.backends.map(({ runtime }) => runtime.errors)).toEqual([0, 0]);
});

test('the first one answers after all: the second is left', async () => {
  const { proxy, one, two } = await start(never, never);
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await two.request(0);
  (await one.request(0)).reply(ok('first'));
  expect((await client.answer()).body).toBe('first');
  await two.connections[0]?.end();
  expect(await entry(proxy)).toMatchObject({ attempts: 2, backend: `127.0.0.1:${one.port}` });
});

test('the second is left as soon as the first begins to answer', async () => {
  const { proxy, one, two } = await start(never, never);
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await two.request(0);
  (await one.request(0)).reply('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
  await two.connections[0]?.end();
  const runtimes = proxy.upstreams.get('site')?.backends.map(({ runtime }) => runtime.inFlight);
  expect(runtimes).toEqual([1, 0]);
  one.connections[0]?.send('half');
  expect((await client.answer()).body).toBe('halfhalf');
});

test('a fast answer: nobody else is asked', async () => {
  const fast: BackendScript = (request) => request.reply(ok('fast'));
  const { proxy } = await start(fast, fast, { retries: { attempts: 2, hedge: { after: '10s' } } });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 5; i++) await client.request(get('/'));
  expect(proxy.entries.map(({ attempts }) => attempts)).toEqual(Array(5).fill(1));
  expect(budgetOf(proxy)?.hedges).toBe(0);
});

test('the first one fails meanwhile: the answer of the second counts', async () => {
  const { proxy, one, two } = await start(never, never);
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  const second = await two.request(0);
  one.connections[0]?.socket.resetAndDestroy();
  const first = proxy.upstreams.get('site')?.backends[0]?.runtime;
  await poll(() => first?.errors === 1);
  second.reply(ok('second'));
  expect((await client.answer()).body).toBe('second');
  expect(await entry(proxy)).toMatchObject({ attempts: 2, error: null });
});

test('the second one fails: the first goes on', async () => {
  const { proxy, one, two } = await start(
    never,
    (request) => void request.connection.socket.resetAndDestroy(),
  );
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await two.request(0);
  const second = proxy.upstreams.get('site')?.backends[1]?.runtime;
  await poll(() => second?.errors === 1);
  (await one.request(0)).reply(ok('first'));
  expect((await client.answer()).body).toBe('first');
  expect((await entry(proxy)).error).toBe(null);
});

test('both fail: one answer of ours, one log entry', async () => {
  const { proxy, one, two } = await start(never, never);
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await two.request(0);
  two.connections[0]?.socket.resetAndDestroy();
  one.connections[0]?.socket.resetAndDestroy();
  expect((await client.answer()).status).toBe(502);
  expect(await entry(proxy)).toMatchObject({ attempts: 2, error: 'backend-reset' });
});

test('an answer with a status of `on` does not win while the other may be better', async () => {
  const retries = { attempts: 2, on: [503], hedge: { after: '30ms' } };
  const busy = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';
  const { proxy, one, two } = await start(never, (request) => request.reply(busy), { retries });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await two.request(0);
  await poll(() => proxy.upstreams.get('site')?.backends[1]?.runtime.inFlight === 0);
  (await one.request(0)).reply(ok('first'));
  expect((await client.answer()).status).toBe(200);
});

test('a client that goes away ends both', async () => {
  const { proxy, one, two } = await start(never, never);
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await two.request(0);
  client.socket.destroy();
  await Promise.all([one.connections[0]?.end(), two.connections[0]?.end()]);
  expect(await entry(proxy)).toMatchObject({ attempts: 2, error: 'client-abort' });
});

test('the first backend does not even connect in time', async () => {
  const second = await startRawBackend((request) => request.reply(ok('second')));
  const proxy = await startProxy({
    upstreams: {
      site: {
        minAvailable: 2,
        backends: [
          { address: `127.0.0.1:${await unusedPort()}` },
          { address: `127.0.0.1:${second.port}`, backup: true },
        ],
        retries: { attempts: 3, budget: 'none', hedge: { after: '1ms' } },
      },
    },
  });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 20; i++) expect((await client.request(get('/'))).body).toBe('second');
});

test.each([
  ['a request with a body', post('/', 'x')],
  ['a method that is not safe', 'DELETE / HTTP/1.1\r\nHost: a\r\n\r\n'],
])('%s has one backend at a time', async (_, request) => {
  const { proxy, one, two } = await start(never, never, { timeouts: { response: '200ms' } });
  const client = await connectRaw(proxy.port);
  client.send(request);
  await one.request(0);
  const runtimes = proxy.upstreams.get('site')?.backends.map(({ runtime }) => runtime);
  await poll(() => (runtimes?.[0]?.inFlight ?? 1) === 0);
  expect(budgetOf(proxy)?.hedges).toBe(0);
  expect(two.requests.length).toBeLessThanOrEqual(1);
});

test('hedges are counted in the budget', async () => {
  const budget = { share: 0, minPerSecond: 0 };
  const retries = { attempts: 2, budget, hedge: { after: '10ms' } };
  const { proxy, one, two } = await start(never, never, { retries });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  const request = await one.request(0);
  await poll(() => budgetOf(proxy)?.refused === 1);
  request.reply(ok('first'));
  expect((await client.answer()).body).toBe('first');
  expect(two.requests).toHaveLength(0);
});
