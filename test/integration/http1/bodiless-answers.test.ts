import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

async function exchange(
  request: string,
  answer: string,
): ReturnType<Awaited<ReturnType<typeof connectRaw>>['answer']> {
  const backend = await startRawBackend((received) =>
    received.reply(received.target === '/next' ? 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext' : answer),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const received = await client.request(request);
  // Both connections go on: where the answer ended was understood by everyone.
  expect((await client.request(get('/next'))).body).toBe('next');
  expect(backend.connections).toHaveLength(1);
  return received;
}

test('HEAD: the length of the GET is told, no body follows', async () => {
  const answer = await exchange(
    'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
  );
  expect(answer.header('content-length')).toBe('1000');
});

test('HEAD: an answer that a GET would get in chunks', async () => {
  const answer = await exchange(
    'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  expect([answer.status, answer.header('content-length')]).toEqual([200, null]);
});

test('204 has neither a body nor a length', async () => {
  const answer = await exchange(get('/'), 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n');
  expect([answer.status, answer.header('content-length'), answer.header('transfer-encoding')]).toEqual([
    204,
    null,
    null,
  ]);
});

test('304 keeps the length that a 200 would have, without a body', async () => {
  const answer = await exchange(
    get('/', 'If-None-Match: "x"'),
    'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 1000\r\n\r\n',
  );
  expect([answer.status, answer.header('content-length'), answer.header('etag')]).toEqual([
    304,
    '1000',
    '"x"',
  ]);
});

test('HEAD: an error of the proxy has no body either', async () => {
  const proxy = await startProxy({ listener: { upstream: undefined } });
  const client = await connectRaw(proxy.port);
  client.send(`HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${get('/')}`);
  expect((await client.answer('HEAD')).status).toBe(404);
  expect((await client.answer()).status).toBe(404);
});
