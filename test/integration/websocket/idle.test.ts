import { expect, test } from 'vitest';
import { closing, openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { CLIENT_CLOSE_1001, CLOSE_1001, maskedCloseCode, openRawWebSocket } from './setup.ts';

test('without a byte for `idle` both ends are closed with code 1001', async () => {
  const server = await startWebSocketServer();
  const proxy = await startProxy({ backendPort: server.port, listener: { webSocket: { idle: '200ms' } } });
  const begin = performance.now();
  const client = await openWebSocket(proxy.port);
  const [backend] = server.sockets;
  if (backend === undefined) throw new Error('the backend has no WebSocket');
  const codes = await Promise.all([closing(client), closing(backend)]);
  expect(codes.map(({ code }) => code)).toEqual([1001, 1001]);
  expect(performance.now() - begin).toBeGreaterThan(190);
  const { status, error, errorDetail } = await entry(proxy);
  expect([status, error, errorDetail]).toEqual([101, 'websocket-idle', 'nothing came for 200 ms']);
});

test('bytes in one direction are enough to keep it', async () => {
  const { client, backend, proxy } = await openRawWebSocket({ idle: '800ms' });
  const begin = performance.now();
  const timer = setInterval(() => backend.send('\x89\0'), 50);
  await client.until(() => (performance.now() - begin > 2000 ? true : null), 'the last of the pings');
  clearInterval(timer);
  expect(client.buffered).not.toContain(CLOSE_1001);
  expect(await maskedCloseCode(backend)).toBe(1001);
  await client.until(() => (client.buffered.endsWith(CLOSE_1001) ? true : null), 'a close frame');
  client.send(CLIENT_CLOSE_1001);
  backend.send(CLOSE_1001);
  await Promise.all([client.end(), backend.end()]);
  client.socket.destroy();
  backend.socket.destroy();
  expect((await entry(proxy)).error).toBe('websocket-idle');
});
