import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, site, startProxy } from './setup.ts';

test('with all its connections in use a backend is spared another request: 503', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ upstreams: site([backend.port], { connections: { max: 1 } }) });
  const first = await connectRaw(proxy.port);
  first.send(get('/first'));
  const request = await backend.request(0);
  const refused = await (await connectRaw(proxy.port)).request(get('/second'));
  expect(refused.status).toBe(503);
  expect((await entry(proxy)).error).toBe('backend-connections-exhausted');
  request.reply(ok('done'));
  expect((await first.answer()).body).toBe('done');
  expect(backend.connections).toHaveLength(1);
});

test('a connection that failed makes room at once for the one that replaces it', async () => {
  const backend = await startRawBackend((request) => {
    if (request.target === '/dies') request.connection.socket.end();
    else request.reply(ok('hello'));
  });
  const proxy = await startProxy({
    upstreams: site([backend.port], { connections: { max: 1 }, retries: { attempts: 1 } }),
  });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(200);
  // Tried again over a fresh connection, for which there must be room.
  expect((await client.request(get('/dies'))).status).toBe(502);
  expect(backend.connections).toHaveLength(2);
  expect((await client.request(get('/'))).status).toBe(200);
});

test('no more connections than maxIdle are kept', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ upstreams: site([backend.port], { connections: { maxIdle: 1 } }) });
  const clients = await Promise.all([connectRaw(proxy.port), connectRaw(proxy.port), connectRaw(proxy.port)]);
  for (const client of clients) client.send(get('/'));
  await backend.request(2);
  for (const request of backend.requests) request.reply(ok('done'));
  await Promise.all(clients.map((client) => client.answer()));
  await poll(() => backend.connections.filter(({ ended }) => ended !== null).length === 2);
});

test('an idle backend connection is closed after its idle time', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ upstreams: site([backend.port], { timeouts: { idle: '100ms' } }) });
  await (await connectRaw(proxy.port)).request(get('/'));
  await backend.connections[0]?.end();
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  expect(runtime && proxy.pools.count(runtime)).toEqual({ active: 0, idle: 0 });
});
