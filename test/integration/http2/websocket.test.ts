import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startRawBackend, type BackendRequest } from '../../support/raw-backend.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { http2Session } from './setup.ts';

const listener = { http2: true };
const CONNECT = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':path': '/chat',
  'sec-websocket-version': '13',
};

function acceptance(request: BackendRequest): string {
  const key = `${request.header('sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}\r\n\r\n`;
}

async function session(port: number): Promise<ReturnType<typeof http2Session>> {
  const made = http2Session(port);
  if (made.remoteSettings.enableConnectProtocol !== true) await once(made, 'remoteSettings');
  return made;
}

test('an extended CONNECT is a handshake at the backend, then bytes pass both ways until both have ended', async () => {
  const backend = await startRawBackend((request) => request.reply(acceptance(request)));
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const stream = (await session(proxy.port)).request(CONNECT, { endStream: false });
  const [head] = await once(stream, 'response');
  expect(head).toMatchObject({ ':status': 200, 'sec-websocket-protocol': 'chat' });
  expect(head).not.toHaveProperty('sec-websocket-accept');
  const request = await backend.request(0);
  expect(request.startLine).toBe('GET /chat HTTP/1.1');
  expect(request.header('upgrade')).toBe('websocket');
  stream.write('ping');
  await request.connection.until(() => (request.connection.buffered.includes('ping') ? true : null), 'ping');
  request.connection.send('pong');
  const [piece] = await once(stream, 'data');
  expect(String(piece)).toBe('pong');
  stream.end();
  await request.connection.end();
  request.connection.socket.end();
  stream.resume();
  await once(stream, 'close');
  expect(stream.rstCode).toBe(0);
  expect(await entry(proxy)).toMatchObject({ status: 101, method: 'GET', requestBytes: 4, responseBytes: 4 });
});

test('a backend that does not prove the handshake: 502, and no tunnel', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: abc\r\n\r\n',
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const stream = (await session(proxy.port)).request(CONNECT, { endStream: false });
  stream.on('error', () => {});
  const [head] = await once(stream, 'response');
  expect(head).toMatchObject({ ':status': 502 });
});

test('a backend that breaks off resets the stream', async () => {
  const backend = await startRawBackend((request) => request.reply(acceptance(request)));
  const proxy = await startProxy({ backendPort: backend.port, listener });
  const stream = (await session(proxy.port)).request(CONNECT, { endStream: false });
  stream.on('error', () => {});
  await once(stream, 'response');
  (await backend.request(0)).connection.socket.resetAndDestroy();
  await once(stream, 'close');
  expect(stream.rstCode).not.toBe(0);
});

test('a WebSocket that its backend has ended is closed at a drain, whether its client ends it or not', async () => {
  const backend = await startRawBackend((request) => request.reply(acceptance(request)));
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { ...listener, webSocket: { drainTimeout: '100ms' } },
  });
  const stream = (await session(proxy.port)).request(CONNECT, { endStream: false });
  await once(stream, 'response');
  stream.resume();
  (await backend.request(0)).connection.socket.end();
  await once(stream, 'end');
  const drained = proxy.drain();
  expect((await entry(proxy)).status).toBe(101);
  await drained;
});

test('an unknown protocol is answered 501', async () => {
  const proxy = await startProxy({ listener });
  const stream = (await session(proxy.port)).request(
    { ...CONNECT, ':protocol': 'connect-udp' },
    { endStream: false },
  );
  stream.on('error', () => {});
  const [head] = await once(stream, 'response');
  expect(head).toMatchObject({ ':status': 501 });
});
