import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawClient } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { startProxy } from './setup.ts';

async function proxyWith(limits: Readonly<Record<string, unknown>>): Promise<DataPath> {
  const backend = await startRawBackend();
  const listener = { proxyProtocol: { trust: ['127.0.0.1'] }, limits };
  return startProxy({ listener, backendPort: backend.port });
}

async function connectAs(proxy: DataPath, address: string): Promise<RawClient> {
  const client = await connectRaw(proxy.port);
  client.send(`PROXY TCP4 ${address} 198.51.100.1 4711 443\r\n`);
  return client;
}

test('connections are counted for the client that the header names', async () => {
  const proxy = await proxyWith({ connectionsPerClient: 1 });
  const first = await connectAs(proxy, '192.0.2.1');
  expect((await first.request(get('/'))).status).toBe(200);
  expect((await (await connectAs(proxy, '192.0.2.2')).request(get('/'))).status).toBe(200);
  expect((await (await connectAs(proxy, '192.0.2.1')).answer()).status).toBe(503);
  first.socket.destroy();
  await poll(() => proxy.service.counters.connections === 1);
  expect((await (await connectAs(proxy, '192.0.2.1')).request(get('/'))).status).toBe(200);
});

test('connections that have yet to send their header count for the listener', async () => {
  const proxy = await proxyWith({ connections: 1 });
  const silent = await connectRaw(proxy.port);
  await poll(() => proxy.service.counters.connections === 1);
  expect((await (await connectRaw(proxy.port)).answer()).status).toBe(503);
  silent.socket.destroy();
  await poll(() => proxy.service.counters.connections === 0);
  expect((await (await connectAs(proxy, '192.0.2.1')).request(get('/'))).status).toBe(200);
});

test('draining ends connections that say nothing, and serves those in mid-header that have a request', async () => {
  const proxy = await proxyWith({});
  const silent = await connectRaw(proxy.port);
  const begun = await connectRaw(proxy.port);
  await poll(() => proxy.service.counters.connections === 2);
  const idle = await connectRaw(proxy.port);
  for (const client of [begun, idle]) client.send('PROXY TCP4 192.0.2.1 ');
  // What comes over another connection after it has been read after it.
  const other = await connectAs(proxy, '192.0.2.2');
  await other.request(get('/'));
  other.socket.destroy();
  const drained = proxy.drain();
  await silent.end();
  idle.send('198.51.100.1 4711 443\r\n');
  expect(await idle.end()).toBe('fin');
  idle.socket.end();
  begun.send(`198.51.100.1 4711 443\r\n${get('/')}`);
  const answer = await begun.answer();
  expect([answer.status, answer.header('connection')]).toEqual([200, 'close']);
  begun.socket.end();
  await drained;
});
