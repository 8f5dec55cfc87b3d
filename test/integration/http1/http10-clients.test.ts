import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

test('without keep-alive the connection ends after the answer', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request('GET / HTTP/1.0\r\n\r\n');
  expect([answer.body, answer.header('connection')]).toEqual(['hello', 'close']);
  expect(await client.end()).toBe('fin');
  // A request without Host gets one, since HTTP/1.1 to the backend needs it (RFC 9112 3.2).
  expect(backend.requests[0]?.header('host')).toBe(`127.0.0.1:${backend.port}`);
  expect(backend.requests[0]?.startLine).toBe('GET / HTTP/1.1');
});

test('with keep-alive it goes on, and says so', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 3; i++) {
    const answer = await client.request('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n');
    expect([answer.body, answer.header('connection')]).toEqual(['hello', 'keep-alive']);
  }
});

test('a chunked answer reaches it without chunks, ended by the connection', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\nX-Trailer: 1\r\n\r\n',
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
  expect([answer.body, answer.header('transfer-encoding'), answer.header('connection')]).toEqual([
    'abcdef',
    null,
    'close',
  ]);
  expect(await client.end()).toBe('fin');
});

test('a body with a length is taken from it', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (
    await connectRaw(proxy.port)
  ).request('POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
  expect(answer.body).toBe('abc');
});
