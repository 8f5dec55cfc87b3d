import { expect, test } from 'vitest';
import { startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

/** A request to an upstream with these ports, in this order, and settings: what it was answered, and how many backends were asked. */
async function ask(
  ports: readonly number[],
  settings: object = {},
  request = get('/'),
): Promise<[status: number, attempts: number]> {
  const backends = ports.map((port) => ({ address: `127.0.0.1:${port}` }));
  const site = { scheduler: 'round-robin', backends, passiveHealth: false, ...settings };
  const proxy = await startProxy({ upstreams: { site } });
  const client = await connectRaw(proxy.port);
  const { status } = await client.request(request);
  return [status, (await entry(proxy)).attempts];
}

const gone = (count: number): Promise<number[]> => Promise.all(Array.from({ length: count }, unusedPort));

const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';

test.each([
  ['GET', get('/')],
  ['POST', post],
])('when several backends are gone, one that lives is found beyond `attempts`: %s', async (_, request) => {
  const { port, requests } = await startRawBackend();
  expect(await ask([...(await gone(4)), port], {}, request)).toEqual([200, 5]);
  expect(requests).toHaveLength(1);
});

test('up to sixteen are asked', async () => {
  const { port } = await startRawBackend();
  const unbounded = { retries: { budget: 'none' } };
  expect(await ask([...(await gone(15)), port], unbounded)).toEqual([200, 16]);
  expect(await ask([...(await gone(16)), port], unbounded)).toEqual([502, 16]);
});

test('each of them once', async () => {
  expect(await ask(await gone(3))).toEqual([502, 3]);
});

test('also those in reserve', async () => {
  const { port } = await startRawBackend();
  const primaries = (await gone(3)).map((each) => ({ address: `127.0.0.1:${each}` }));
  const backends = [...primaries, { address: `127.0.0.1:${port}`, backup: true }];
  expect(await ask([], { backends })).toEqual([200, 4]);
});

test.each<[why: string, settings: object, attempts: number]>([
  ['there are to be no retries', { retries: { attempts: 1 } }, 1],
  ['the budget is spent', { retries: { budget: { share: 0, minPerSecond: 1 } } }, 2],
])('none where %s', async (_, settings, attempts) => {
  const { port } = await startRawBackend();
  expect(await ask([...(await gone(3)), port], settings)).toEqual([502, attempts]);
});

test('none when the request is older than a connection may take', async () => {
  const silent = await startRawBackend(() => undefined);
  const { port } = await startRawBackend();
  const timeouts = { connect: '50ms', response: '100ms' };
  expect(await ask([silent.port, await unusedPort(), port], { timeouts })).toEqual([502, 2]);
});
