import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

test('Expect: 100-continue goes to the backend, its 100 to the client, then the body', async () => {
  const backend = await startRawBackend(async (request) => {
    if (request.header('expect') !== null) request.reply('HTTP/1.1 100 Continue\r\n\r\n');
    request.reply(ok(await request.body()));
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  expect((await client.answer()).status).toBe(100);
  expect(backend.connections[0]?.transcript.endsWith('\r\n\r\n')).toBe(true);
  client.send('hello');
  expect((await client.answer()).body).toBe('hello');
  expect((await client.request(get('/'))).status).toBe(200);
});

test('a final answer instead of 100 ends the connection, since the body may or may not follow', async () => {
  const backend = await startRawBackend((request) =>
    request.reply('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n'),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const answer = await client.request(
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
  );
  expect([answer.status, answer.header('connection')]).toEqual([417, 'close']);
  expect(await client.end()).toBe('fin');
  await backend.connections[0]?.end();
});

test('a client that sends its body without waiting for 100 is served as well', async () => {
  const backend = await startRawBackend(async (request) =>
    request.reply(`HTTP/1.1 100 Continue\r\n\r\n${ok(await request.body())}`),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  expect((await client.request(post('/', 'hello', 'Expect: 100-continue'))).status).toBe(100);
  expect((await client.answer()).body).toBe('hello');
});

test('an expectation without a body is not passed on', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  await (await connectRaw(proxy.port)).request(get('/', 'Expect: 100-continue'));
  expect(backend.requests[0]?.header('expect')).toBeNull();
});

test('103 Early Hints passes at once with its fields, before the answer exists', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\nConnection: keep-alive\r\n\r\n',
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  const hints = await client.request(get('/'));
  expect(hints.head).toBe(
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload',
  );
  (await backend.request(0)).reply(ok('page'));
  expect((await client.answer()).body).toBe('page');
});

// RFC 9110 15.2
test('an HTTP/1.0 client gets no 1xx', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(`HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${ok('page')}`),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
  expect([answer.status, answer.body]).toEqual([200, 'page']);
});
