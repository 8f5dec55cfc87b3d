import { expect, test } from 'vitest';
import { startHttp2Backend } from '../../support/http2-backend.ts';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

const at = (port: number) => ({ address: `127.0.0.1:${port}` });
const ONE = { connections: { max: 1 }, retries: { attempts: 1, budget: { share: 0, minPerSecond: 0 } } };

test('all connections to a backend in use: whatever the method and the retries, another one is asked', async () => {
  const busy = await startRawBackend(() => {});
  const other = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({
    upstreams: {
      site: { ...ONE, backends: [at(busy.port), at(other.port)] },
    },
  });
  (await connectRaw(proxy.port)).send(get('/'));
  await busy.request(0);
  const client = await connectRaw(proxy.port);
  // The scheduler would send every other one to the first.
  for (let i = 0; i < 4; i++) expect((await client.request(post('/', `body ${i}`))).body).toBe(`body ${i}`);
  expect(proxy.entries.map(({ attempts, error }) => [attempts, error])).toEqual(
    Array.from({ length: 4 }, () => [1, null]),
  );
  const runtimes = proxy.upstreams.get('site')?.backends.map(({ runtime }) => runtime);
  expect(runtimes?.map(({ requests, errors }) => [requests, errors])).toEqual([
    [1, 0],
    [4, 0],
  ]);
  expect(proxy.upstreams.get('site')?.budget).toMatchObject({ retries: 0, refused: 0 });
});

test('those of all backends in use: the fallback, else a 503', async () => {
  const [one, two] = await Promise.all([startRawBackend(() => {}), startRawBackend(() => {})]);
  const sorry = await startRawBackend((request) => request.reply(ok('sorry')));
  const proxy = await startProxy({
    listener: { routes: [{ path: '/none/*', upstream: 'none' }] },
    upstreams: {
      site: { ...ONE, backends: [at(one.port), at(two.port)], fallback: 'sorry' },
      none: { ...ONE, backends: [at(one.port), at(two.port)] },
      sorry: { backends: [at(sorry.port)] },
    },
  });
  for (const target of ['/', '/', '/none/', '/none/']) (await connectRaw(proxy.port)).send(get(target));
  await Promise.all([one.request(1), two.request(1)]);
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'x'))).body).toBe('sorry');
  expect((await client.request(post('/none/', 'x'))).status).toBe(503);
  expect(await entry(proxy, 2)).toMatchObject({ attempts: 0, error: 'backend-connections-exhausted' });
});

test('HTTP/2: fewer streams than requests wait for: no fault of the backend, and another one is asked', async () => {
  const few = await startHttp2Backend((stream) => void stream, { settings: { maxConcurrentStreams: 1 } });
  const other = await startRawBackend((request) => request.reply(ok('other')));
  const proxy = await startProxy({
    upstreams: {
      site: {
        protocol: 'h2c',
        connections: { max: 1 },
        circuitBreaker: { failures: 1 },
        backends: [at(few.port)],
        fallback: 'other',
      },
      other: { backends: [at(other.port)] },
    },
  });
  const clients = await Promise.all([connectRaw(proxy.port), connectRaw(proxy.port), connectRaw(proxy.port)]);
  for (const client of clients) client.send(post('/', 'x'));
  await poll(() => proxy.entries.length === 2);
  expect(proxy.entries.map(({ status, upstream }) => [status, upstream])).toEqual([
    [200, 'other'],
    [200, 'other'],
  ]);
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  expect([runtime?.errors, runtime?.circuit.phase, runtime?.inFlight]).toEqual([0, 'closed', 1]);
});

test('a connection that is opened ahead of requests is the one that a request gets, not one too many', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('fine')));
  const proxy = await startProxy({ upstreams: site([backend.port], { connections: { warmUp: 1, max: 1 } }) });
  const [first] = proxy.upstreams.get('site')?.backends ?? [];
  const client = await connectRaw(proxy.port);
  if (first !== undefined) proxy.pools.warmUp(first);
  expect((await client.request(get('/'))).status).toBe(200);
  expect(backend.connections).toHaveLength(1);
});
