import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import {
  ACCEPTED,
  closing,
  HANDSHAKE,
  openWebSocket,
  startWebSocketServer,
} from '../../support/websocket-peers.ts';
import { entry, startProxy } from '../http1/setup.ts';

const LIMIT = { webSocket: { connections: 2 } };

test('one WebSocket too many is answered 503; when one has ended there is room again', async () => {
  const server = await startWebSocketServer();
  const proxy = await startProxy({ backendPort: server.port, listener: LIMIT });
  const first = await openWebSocket(proxy.port);
  await openWebSocket(proxy.port);
  const third = await connectRaw(proxy.port);
  expect((await third.request(HANDSHAKE)).status).toBe(503);
  const { error, status } = await entry(proxy);
  expect([error, status]).toEqual(['websocket-limit', 503]);
  expect(proxy.service.counters.webSockets).toBe(2);
  const closed = closing(first);
  first.close();
  await closed;
  await entry(proxy, 2);
  await openWebSocket(proxy.port);
});

test('handshakes under way count; one that is declined does not count any more', async () => {
  const backend = await startRawBackend((request) => {
    if (request.target === '/other') request.reply(ok('fine'));
  });
  const proxy = await startProxy({ backendPort: backend.port, listener: LIMIT });
  const clients = await Promise.all([1, 2, 3].map(() => connectRaw(proxy.port)));
  const [first, second, third] = clients;
  if (first === undefined || second === undefined || third === undefined) throw new Error('no client');
  first.send(HANDSHAKE);
  await backend.request(0);
  second.send(HANDSHAKE);
  const held = await backend.request(1);
  expect((await third.request(HANDSHAKE)).status).toBe(503);
  expect((await third.request(get('/other'))).body).toBe('fine');
  held.reply('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  expect((await second.answer()).status).toBe(403);
  third.send(HANDSHAKE);
  (await backend.request(3)).reply(ACCEPTED);
  expect((await third.answerHead()).status).toBe(101);
});
