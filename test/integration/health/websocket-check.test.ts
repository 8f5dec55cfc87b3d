import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { closing, startWebSocketServer } from '../../support/websocket-peers.ts';
import { probe } from './probe.ts';

test('a WebSocket that opens is up, and is closed in good order', async () => {
  const closed: Promise<{ readonly code: number }>[] = [];
  const server = await startWebSocketServer((socket) => void closed.push(closing(socket)), {
    path: '/chat',
  });
  const address = `127.0.0.1:${server.port}`;
  expect(await probe(address, { type: 'websocket', path: '/chat' })).toEqual({
    ok: true,
    reason: 'handshake done',
  });
  // 1005: a Close frame without a code came (RFC 6455 7.1.5).
  expect(await closed[0]).toMatchObject({ code: 1005 });
  expect(await probe(address, { type: 'websocket', path: '/other' })).toEqual({
    ok: false,
    reason: 'status 400',
  });
});

test.each([
  [ok('hello'), 'status 200'],
  [
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: nonsense\r\n\r\n',
    'the handshake was answered wrongly',
  ],
  [
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    'the handshake was answered wrongly',
  ],
])('%j is down', async (answer, reason) => {
  const backend = await startRawBackend((request) => request.reply(answer));
  expect(await probe(`127.0.0.1:${backend.port}`, { type: 'websocket' })).toEqual({ ok: false, reason });
});
