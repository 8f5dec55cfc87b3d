import { expect, test } from 'vitest';
import { ok, startRawBackend, unusedPort } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, site, startProxy } from './setup.ts';

test('an exchange is told whole', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(`${await request.body()}!`)));
  const proxy = await startProxy({ backendPort: backend.port });
  await (
    await connectRaw(proxy.port)
  ).request(post('/path?query', 'hello', 'User-Agent: test/1', 'Referer: http://a/'));
  const told = await entry(proxy);
  expect(told).toMatchObject({
    listener: 'test',
    client: '127.0.0.1',
    method: 'POST',
    host: 'example.test',
    target: '/path?query',
    protocol: 'HTTP/1.1',
    status: 200,
    error: null,
    errorDetail: null,
    requestBytes: 5,
    responseBytes: 6,
    upstream: 'site',
    backend: `127.0.0.1:${backend.port}`,
    attempts: 1,
    decision: null,
    route: null,
    referer: 'http://a/',
    userAgent: 'test/1',
    fields: null,
  });
  const { total, connect, firstByte, response } = told.timings;
  for (const time of [total, connect, firstByte, response]) expect(time).toBeGreaterThanOrEqual(0);
  expect(total).toBeGreaterThanOrEqual((firstByte ?? 0) + (response ?? 0) - 0.01);
});

test('every exchange ends in exactly one entry, however it ends', async () => {
  const backend = await startRawBackend((request) => {
    if (request.target === '/reset') request.connection.socket.resetAndDestroy();
    else if (request.target === '/bad') request.reply('nonsense\r\n\r\n');
    else request.reply(ok('fine'));
  });
  const proxy = await startProxy({
    listener: { routes: [{ path: '/dead', upstream: 'dead' }] },
    upstreams: {
      ...site([backend.port], { retries: { attempts: 1 } }),
      dead: { backends: [{ address: `127.0.0.1:${await unusedPort()}` }] },
    },
  });
  const client = await connectRaw(proxy.port);
  const statuses: number[] = [];
  for (const target of ['/', '/reset', '/bad', '/dead', '/', '/%zz'])
    statuses.push((await client.request(get(target))).status);
  expect(statuses).toEqual([200, 502, 502, 502, 200, 400]);
  expect((await (await connectRaw(proxy.port)).request('nonsense\r\n\r\n')).status).toBe(400);
  await entry(proxy, 7);
  expect(proxy.entries.map(({ status }) => status)).toEqual([...statuses, 400]);
  expect(proxy.service.counters.statuses).toEqual([0, 2, 0, 2, 3]);
  expect(proxy.entries.at(-1)).toMatchObject({
    method: null,
    host: null,
    target: null,
    protocol: null,
    error: 'request-malformed',
  });
});
