import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, post } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

test('a length over the limit is refused before a backend hears of it', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ listener: { limits: { body: '1KiB' } }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n');
  expect([answer.status, answer.header('connection')]).toEqual([413, 'close']);
  expect((await entry(proxy)).error).toBe('request-body-too-large');
  expect(backend.connections).toHaveLength(0);
});

test('chunks that add up to more are refused, and the backend request is broken off', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ listener: { limits: { body: '1KiB' } }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n${'x'.repeat(1024)}\r\n`,
  );
  const { connection } = await backend.request(0);
  client.send('1\r\nx\r\n0\r\n\r\n');
  const answer = await client.answer();
  expect([answer.status, answer.header('connection')]).toEqual([413, 'close']);
  await connection.end();
  expect(connection.transcript.endsWith('0\r\n\r\n')).toBe(false);
});

test('chunks over the limit in one piece with the head never reach the backend whole', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ listener: { limits: { body: '1KiB' } }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const chunk = `200\r\n${'x'.repeat(512)}\r\n`;
  const answer = await client.request(
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(4)}0\r\n\r\n`,
  );
  expect(answer.status).toBe(413);
  expect(backend.received().endsWith('0\r\n\r\n')).toBe(false);
});

test('what just fits is served', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(ok(String((await request.body()).length))),
  );
  const proxy = await startProxy({ listener: { limits: { body: '1KiB' } }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'x'.repeat(1024)))).body).toBe('1024');
});
