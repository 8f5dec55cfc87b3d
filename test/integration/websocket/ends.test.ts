import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { DataPath } from '../../support/data-path.ts';
import { closing, openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { openRawWebSocket } from './setup.ts';

async function open(): Promise<{ client: WebSocket; backend: WebSocket; proxy: DataPath }> {
  const server = await startWebSocketServer();
  const proxy = await startProxy({ backendPort: server.port });
  const client = await openWebSocket(proxy.port);
  const [backend] = server.sockets;
  if (backend === undefined) throw new Error('the backend has no WebSocket');
  return { client, backend, proxy };
}

test('a backend that dies: the client hears of it at once, and the log says who it was', async () => {
  const { client, backend, proxy } = await open();
  const heard = closing(client);
  backend.terminate();
  expect((await heard).code).toBe(1006);
  const { status, error, errorDetail } = await entry(proxy);
  expect([status, error, errorDetail]).toEqual([
    101,
    'backend-reset',
    'the backend ended the WebSocket without a close frame',
  ]);
  expect(proxy.upstreams.get('site')?.backends[0]?.runtime.errors).toBe(1);
});

test('a client that dies: the backend hears of it at once, and the log says who it was', async () => {
  const { client, backend, proxy } = await open();
  const heard = closing(backend);
  client.terminate();
  expect((await heard).code).toBe(1006);
  const { status, error, errorDetail } = await entry(proxy);
  expect([status, error, errorDetail]).toEqual([
    101,
    'client-abort',
    'the client ended the WebSocket without a close frame',
  ]);
  expect(proxy.upstreams.get('site')?.backends[0]?.runtime.errors).toBe(0);
});

test('a backend that resets the connection within a frame', async () => {
  const { client, backend, proxy } = await openRawWebSocket();
  backend.send('\x81\x05he');
  await client.until(() => (client.buffered === '\x81\x05he' ? true : null), 'half a frame');
  backend.socket.resetAndDestroy();
  await client.end();
  client.socket.destroy();
  expect((await entry(proxy)).error).toBe('backend-reset');
});
