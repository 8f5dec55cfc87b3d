import { expect, test } from 'vitest';
import { startRawBackend, type BackendRequest } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';

/** Sends on and on until the connection is gone. */
async function flood(request: BackendRequest, begin: string, piece: string): Promise<void> {
  request.connection.keepsData = false;
  request.reply(begin);
  await request.connection.pour(Buffer.from(piece.repeat(1000), 'latin1'), 100_000);
}

test.each([
  ['a header without end', `${HEAD}X: `, 'y'],
  ['headers without end', HEAD, 'X: y\r\n'],
  ['a reason without end', 'HTTP/1.1 200 ', 'y'],
  ['1xx without end', '', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
  ['100 without end', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
])('%s: 502, and the connection ends', async (_, begin, piece) => {
  const backend = await startRawBackend((request) => flood(request, begin, piece));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  let answer = await client.answer();
  let informational = 0;
  for (; answer.status < 200; answer = await client.answer()) informational += 1;
  expect(answer.status).toBe(502);
  expect(informational).toBeLessThanOrEqual(32);
  expect((await entry(proxy)).error).toBe('response-malformed');
  await backend.connections[0]?.end();
});

test.each([
  ['a chunk extension', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5;`, 'x'],
  ['trailers', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`, 'X: y\r\n'],
  ['zeros before a chunk size', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '0'],
])('%s without end: the answer is cut off', async (_, begin, piece) => {
  const backend = await startRawBackend((request) => flood(request, begin, piece));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/'));
  await client.end();
  expect(client.buffered.endsWith('0\r\n\r\n')).toBe(false);
  expect((await entry(proxy)).error).toBe('response-malformed');
  await backend.connections[0]?.end();
});
