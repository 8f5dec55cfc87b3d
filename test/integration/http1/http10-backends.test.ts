import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

test('a body that ends with the connection reaches an HTTP/1.1 client in chunks, and its connection lives on', async () => {
  const backend = await startRawBackend((request) => {
    request.reply('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it');
    request.connection.socket.end();
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  for (let i = 0; i < 2; i++) {
    const answer = await client.request(get('/'));
    expect([answer.body, answer.header('transfer-encoding'), answer.header('connection')]).toEqual([
      'all of it',
      'chunked',
      null,
    ]);
  }
  expect(backend.connections).toHaveLength(2);
});

test('keep-alive of HTTP/1.0 is believed when both say so', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  const answer = await client.request(get('/'));
  expect(answer.startLine).toBe('HTTP/1.1 200 OK');
  expect(backend.connections).toHaveLength(1);
});

test('without it the connection is not used again', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  await client.request(get('/'));
  expect(backend.connections).toHaveLength(2);
});

// RFC 9112 6.1: chunks from HTTP/1.0 mean that somebody in between did not understand them.
test('chunked in an HTTP/1.0 answer is malformed', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  expect((await (await connectRaw(proxy.port)).request(get('/'))).status).toBe(502);
});
