import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { closing, openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';
import { entry, startProxy } from '../http1/setup.ts';

async function open(onConnection?: (socket: WebSocket) => void) {
  const server = await startWebSocketServer(onConnection, { perMessageDeflate: true });
  const proxy = await startProxy({ backendPort: server.port });
  const client = await openWebSocket(proxy.port);
  const [backend] = server.sockets;
  if (backend === undefined) throw new Error('the backend has no WebSocket');
  return { client, backend, proxy };
}

test('a message in fragments arrives whole, with a ping between them', async () => {
  const { client, backend } = await open();
  const pinged = once(backend, 'ping');
  client.send('one ', { fin: false });
  client.ping('between');
  client.send('two ', { fin: false });
  client.send('three');
  expect(String((await pinged)[0])).toBe('between');
  expect(String((await once(client, 'message'))[0])).toBe('one two three');
});

test('pings and their pongs pass from end to end', async () => {
  const { client, backend } = await open();
  client.ping('from the client');
  expect(String((await once(client, 'pong'))[0])).toBe('from the client');
  backend.ping('from the backend');
  expect(String((await once(backend, 'pong'))[0])).toBe('from the backend');
});

test('compression is agreed on end to end', async () => {
  const { client, proxy } = await open();
  expect(client.extensions).toBe('permessage-deflate');
  client.send('x'.repeat(1 << 20));
  expect(String((await once(client, 'message'))[0])).toHaveLength(1 << 20);
  const closed = closing(client);
  client.close();
  await closed;
  expect((await entry(proxy)).requestBytes).toBeLessThan(10_000);
});

test.each([1000, 1001, 1011, 3000, 4999])('close code %d passes in both directions', async (code) => {
  const first = await open();
  const atBackend = closing(first.backend);
  const atClient = closing(first.client);
  first.client.close(code, 'by the client');
  expect([await atBackend, await atClient]).toEqual([
    { code, reason: 'by the client' },
    { code, reason: 'by the client' },
  ]);
  expect((await entry(first.proxy)).error).toBeNull();

  const second = await open();
  const heard = closing(second.client);
  second.backend.close(code, 'by the backend');
  expect(await heard).toEqual({ code, reason: 'by the backend' });
  expect((await entry(second.proxy)).error).toBeNull();
});

test('a close frame without code passes', async () => {
  const { client, backend } = await open();
  const heard = closing(backend);
  client.close();
  expect((await heard).code).toBe(1005);
});
