import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawAnswer } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const HANDSHAKE = get(
  '/chat',
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
);

async function handshake(answer: string): Promise<{ answer: RawAnswer; error: string | null }> {
  const backend = await startRawBackend((request) => request.reply(answer));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const received = await client.request(HANDSHAKE);
  await backend.connections[0]?.end();
  return { answer: received, error: (await entry(proxy)).error };
}

test.each([
  [
    'a wrong Sec-WebSocket-Accept',
    `HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${ACCEPT.toLowerCase()}\r\n\r\n`,
  ],
  ['no Sec-WebSocket-Accept', 'HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  [
    'another protocol',
    `HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
  ],
  ['no Upgrade', `HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`],
  ['no Connection', `HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`],
])('a 101 with %s is no handshake: 502', async (_, reply) => {
  const { answer, error } = await handshake(reply);
  expect([answer.status, error]).toEqual([502, 'upgrade-malformed']);
});

test('a 101 that nobody asked for: 502, and the connection is not used again', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      request.target === '/'
        ? 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
        : ok('fine'),
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/'))).status).toBe(502);
  expect((await entry(proxy)).error).toBe('upgrade-malformed');
  expect((await client.request(get('/next'))).body).toBe('fine');
  expect(backend.connections).toHaveLength(2);
});

test('a backend that declines answers as to any request, and both connections go on', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      request.target === '/chat' ? 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno' : ok('fine'),
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const declined = await client.request(HANDSHAKE);
  expect([declined.status, declined.body]).toEqual([403, 'no']);
  expect((await client.request(get('/next'))).body).toBe('fine');
  expect(backend.connections).toHaveLength(1);
});

test('an upgrade to HTTP/2 is not passed on: the request is served as it is', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(
    get(
      '/',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
    ),
  );
  expect([answer.status, answer.body]).toEqual([200, 'hello']);
  for (const name of ['upgrade', 'http2-settings', 'connection'])
    expect(backend.requests[0]?.header(name)).toBeNull();
});

test('a handshake goes over a connection of its own', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  await client.request(HANDSHAKE);
  expect(backend.connections).toHaveLength(2);
});
