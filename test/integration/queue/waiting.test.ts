import { expect, test } from 'vitest';
import { connectRaw, get } from '../../support/raw-client.ts';
import { poll } from '../../support/poll.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { answer, byHeader, send, startCrowd, waiting } from './setup.ts';

test('a request waits until a backend has a place free, in the order in which it came', async () => {
  const crowd = await startCrowd({});
  const clients = [await send(crowd, '/a'), await send(crowd, '/b'), await send(crowd, '/c')];
  expect([crowd.order, waiting(crowd)]).toEqual([['/a'], 2]);
  await answer(crowd, '/a', '/b');
  await answer(crowd, '/b', '/c');
  await answer(crowd, '/c');
  for (const [i, client] of clients.entries())
    expect((await client.answer()).body).toBe(['/a', '/b', '/c'][i]);
  expect(crowd.order).toEqual(['/a', '/b', '/c']);
  const [first, second] = await poll(() => (crowd.proxy.entries.length === 3 ? crowd.proxy.entries : null));
  expect(first?.timings.queue).toBeNull();
  expect(second?.timings.queue).toBeGreaterThan(0);
});

test('the first backend with a place free takes the next in line', async () => {
  const crowd = await startCrowd({}, 2);
  for (const target of ['/a', '/b', '/c', '/d']) await send(crowd, target);
  const [, other] = crowd.servers;
  const second = other?.requests[0]?.target ?? '';
  await answer(crowd, second, '/c');
  expect(other?.requests.map(({ target }) => target)).toEqual([second, '/c']);
  await answer(crowd, '/c', '/d');
  expect(other?.requests.map(({ target }) => target)).toEqual([second, '/c', '/d']);
  expect(waiting(crowd)).toBe(0);
});

test('a rule says who is served first', async () => {
  const crowd = await startCrowd({}, 1, byHeader());
  await send(crowd, '/first');
  await send(crowd, '/low', 'X-Priority: low');
  await send(crowd, '/normal');
  await send(crowd, '/high', 'X-Priority: high');
  await send(crowd, '/high-too', 'X-Priority: high');
  const order = ['/first', '/high', '/high-too', '/normal', '/low'];
  for (const [i, target] of order.entries()) await answer(crowd, target, order[i + 1]);
  expect(crowd.order).toEqual(order);
});

test('who waits too long gets 503, and those behind are not held up', async () => {
  const crowd = await startCrowd({ queue: { timeout: '100ms' } });
  const first = await send(crowd, '/a');
  const late = await send(crowd, '/b');
  expect((await late.answer()).status).toBe(503);
  const { error, backend, attempts, timings } = await entry(crowd.proxy);
  expect([error, backend, attempts]).toEqual(['queue-timeout', null, 0]);
  expect(timings.queue).toBeGreaterThanOrEqual(99);
  expect(waiting(crowd)).toBe(0);
  await answer(crowd, '/a');
  expect((await first.answer()).status).toBe(200);
  expect(crowd.order).toEqual(['/a']);
  expect(crowd.proxy.upstreams.get('site')?.queue.counters).toMatchObject({ timedOut: 1, served: 0 });
});

test('a full queue answers 503 at once', async () => {
  const crowd = await startCrowd({ queue: { length: 1 } });
  await send(crowd, '/a');
  await send(crowd, '/b');
  const client = await connectRaw(crowd.proxy.port);
  expect((await client.request(get('/c'))).status).toBe(503);
  expect((await entry(crowd.proxy)).error).toBe('queue-full');
  await answer(crowd, '/a', '/b');
  await answer(crowd, '/b');
});

test('low priority can not fill the queue for others: the first of them gives way, with a 503', async () => {
  const crowd = await startCrowd({ queue: { length: 2, timeout: '1h' } }, 1, byHeader());
  await send(crowd, '/a');
  const low = await send(crowd, '/low', 'X-Priority: low');
  await send(crowd, '/other', 'X-Priority: low');
  const client = await connectRaw(crowd.proxy.port);
  client.send(get('/b'));
  expect((await low.answer()).status).toBe(503);
  expect(await entry(crowd.proxy)).toMatchObject({ target: '/low', error: 'queue-full' });
  await answer(crowd, '/a', '/b');
  expect([crowd.order, waiting(crowd)]).toEqual([['/a', '/b'], 1]);
});

test('without any backend there is nothing to wait for', async () => {
  const crowd = await startCrowd({});
  crowd.proxy.upstreams.get('site')?.backends[0]?.setTerms({ state: 'drain', weight: 1, priority: 0 });
  const client = await connectRaw(crowd.proxy.port);
  expect((await client.request(get('/'))).status).toBe(503);
  expect((await entry(crowd.proxy)).error).toBe('no-backend');
});

test('a backend that comes into service takes those who wait', async () => {
  const crowd = await startCrowd({}, 2);
  const backend = crowd.proxy.upstreams.get('site')?.backends[1];
  backend?.setTerms({ state: 'maintenance', weight: 1, priority: 0 });
  await send(crowd, '/a');
  await send(crowd, '/b');
  expect(crowd.order).toEqual(['/a']);
  backend?.setTerms({ state: 'ready', weight: 1, priority: 0 });
  await poll(() => crowd.order.includes('/b'));
  await answer(crowd, '/a');
  await answer(crowd, '/b');
});

test.each([
  ['a full queue', { length: 0 }],
  ['a wait that is too long', { timeout: '50ms' }],
])('after %s the upstream that stands in gets the request', async (_what, queue) => {
  const [busy, spare] = [await startRawBackend(() => {}), await startRawBackend()];
  const rows = ({ port }: { readonly port: number }) => ({ backends: [{ address: `127.0.0.1:${port}` }] });
  const proxy = await startProxy({
    upstreams: { site: { ...rows(busy), maxConnections: 1, queue, fallback: 'spare' }, spare: rows(spare) },
  });
  const first = await connectRaw(proxy.port);
  first.send(get('/a'));
  await busy.request(0);
  const second = await connectRaw(proxy.port);
  expect((await second.request(get('/b'))).body).toBe('hello');
  expect(spare.requests.map(({ target }) => target)).toEqual(['/b']);
});
