import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, post } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

// RFC 9110 7.6.1 has nominated fields removed; what frames, routes or identifies a request can not be nominated away.
test('Connection can not remove what the proxy answers for', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request(
    post(
      '/',
      'hello',
      'Connection: Content-Length, Host, Transfer-Encoding, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Forwarded, Via, X-Request-Id',
    ),
  );
  const received = await backend.request(0);
  expect(await received.body()).toBe('hello');
  expect(received.header('host')).toBe('example.test');
  expect(received.header('content-length')).toBe('5');
  expect(received.header('x-forwarded-for')).toBe('127.0.0.1');
  expect(received.header('x-forwarded-proto')).toBe('http');
  expect(received.header('x-forwarded-host')).toBe('example.test');
  expect(received.header('forwarded')).toBe('for=127.0.0.1;proto=http;host=example.test');
  expect(received.header('via')).toBe('1.1 tidegate');
  expect(received.header('x-request-id')).not.toBeNull();
  expect(received.header('connection')).toBeNull();
});

test('nor the framing of chunks', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request(
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  );
  const received = await backend.request(0);
  expect(received.header('transfer-encoding')).toBe('chunked');
  expect(await received.body()).toBe('hello');
});

test('a backend can not nominate away the framing of its answer', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\nhello'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request(post('/', ''));
  expect([answer.header('content-length'), answer.body]).toEqual(['5', 'hello']);
});
