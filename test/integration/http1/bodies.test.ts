import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1');

test('a body with a length passes both ways, every byte value', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  for (const body of [everyByte, everyByte.repeat(2000), '']) {
    const answer = await client.request(post('/', body));
    expect(answer.body).toBe(body);
    expect(answer.header('content-length')).toBe(String(body.length));
    expect(backend.requests.at(-1)?.header('content-length')).toBe(String(body.length));
  }
});

test('a chunked body passes both ways and stays chunked', async () => {
  const backend = await startRawBackend(async (request) => {
    const body = await request.body();
    request.reply(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    );
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;name=value\r\nhello\r\nC\r\n across the',
  );
  client.send(' \r\n4\r\nwire\r\n000\r\n\r\n');
  const answer = await client.answer();
  expect(answer.body).toBe('hello across the wire');
  expect(answer.header('transfer-encoding')).toBe('chunked');
  expect(answer.header('content-length')).toBeNull();
  expect(backend.requests[0]?.header('transfer-encoding')).toBe('chunked');
  expect(backend.requests[0]?.header('content-length')).toBeNull();
  const { requestBytes, responseBytes } = await entry(proxy);
  expect([requestBytes, responseBytes]).toEqual([21, 21]);
});

test('pieces of an answer are passed on as they come, not held for the whole', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.until(() => (client.buffered.includes('first') ? true : null), 'the first piece');
  (await backend.request(0)).reply('6\r\nsecond\r\n0\r\n\r\n');
  expect((await client.answer()).body).toBe('firstsecond');
});

test('pieces of a request body are passed on as they come', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nfirst');
  const { connection } = await backend.request(0);
  await connection.until(() => (connection.transcript.endsWith('first') ? true : null), 'the first piece');
  client.send('second');
  expect((await client.answer()).body).toBe('firstsecond');
});
