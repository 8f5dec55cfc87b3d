import { once } from 'node:events';
import { expect, test } from 'vitest';
import { closing, openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { openRawWebSocket } from './setup.ts';

test('both ends are pinged while nothing comes, and their answers keep the WebSocket', async () => {
  const server = await startWebSocketServer();
  const proxy = await startProxy({
    backendPort: server.port,
    listener: { webSocket: { idle: '1s', ping: '100ms' } },
  });
  const client = await openWebSocket(proxy.port);
  const [backend] = server.sockets;
  if (backend === undefined) throw new Error('the backend has no WebSocket');
  for (let times = 0; times < 15; times++) await Promise.all([once(client, 'ping'), once(backend, 'ping')]);
  client.send('still here');
  expect(String((await once(client, 'message'))[0])).toBe('still here');
  expect(proxy.entries).toHaveLength(0);
});

test('an end that answers no ping is given up after `idle`, whatever the other one answers', async () => {
  const server = await startWebSocketServer();
  const proxy = await startProxy({
    backendPort: server.port,
    listener: { webSocket: { idle: '300ms', ping: '50ms' } },
  });
  const client = await openWebSocket(proxy.port, { autoPong: false });
  const [backend] = server.sockets;
  if (backend === undefined) throw new Error('the backend has no WebSocket');
  const codes = await Promise.all([closing(client), closing(backend)]);
  expect(codes.map(({ code }) => code)).toEqual([1001, 1001]);
  expect((await entry(proxy)).error).toBe('websocket-idle');
});

test('no ping gets into a frame', async () => {
  const { client, backend } = await openRawWebSocket({ ping: '50ms' });
  backend.send('\x81\x05he');
  await client.until(() => (client.buffered.endsWith('\x81\x05he') ? true : null), 'half a frame');
  // The other end is pinged meanwhile: time enough has passed.
  const { length } = backend.buffered;
  await backend.until(() => (backend.buffered.length >= length + 12 ? true : null), 'two pings');
  expect(client.buffered.endsWith('\x81\x05he')).toBe(true);
  backend.send('llo');
  await client.until(() => (client.buffered.endsWith('\x89\0') ? true : null), 'a ping');
  expect(client.buffered.replaceAll('\x89\0', '')).toBe('\x81\x05hello');
});
