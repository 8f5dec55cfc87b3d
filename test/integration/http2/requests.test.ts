import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { ask, http2Session } from './setup.ts';

const http2 = { http2: true };

test('a request of HTTP/2 reaches an HTTP/1.1 backend as one of its own, and the answer comes back', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(ok('hello', 'X-A: 1', 'Connection: keep-alive')),
  );
  const proxy = await startProxy({ backendPort: backend.port, listener: http2 });
  const answer = await ask(http2Session(proxy.port), {
    ':path': '/a?b=c',
    ':authority': 'Site.Example',
    'x-q': 'z',
  });
  expect(answer).toMatchObject({
    status: 200,
    body: 'hello',
    headers: { 'x-a': '1', 'content-length': '5' },
  });
  expect(answer.headers).not.toHaveProperty('connection');
  const request = await backend.request(0);
  expect(request.startLine).toBe('GET /a?b=c HTTP/1.1');
  expect(request.header('host')).toBe('site.example');
  expect(request.header('x-q')).toBe('z');
  expect(request.header('via')).toBe('2.0 tidegate');
  expect(await entry(proxy)).toMatchObject({
    protocol: 'HTTP/2.0',
    status: 200,
    host: 'site.example',
    error: null,
  });
});

test('cookie crumbs are one field for the backend', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port, listener: http2 });
  await ask(http2Session(proxy.port), { cookie: ['a=1', 'b=2', 'c=3'] });
  expect((await backend.request(0)).header('cookie')).toBe('a=1; b=2; c=3');
});

test('a body without a length goes on in chunks, one with a length by its length', async () => {
  const backend = await startRawBackend(async (request) => request.reply(ok(await request.body())));
  const proxy = await startProxy({ backendPort: backend.port, listener: http2 });
  const session = http2Session(proxy.port);
  const body = 'x'.repeat(200_000);
  expect((await ask(session, { ':method': 'POST' }, body)).body).toBe(body);
  expect((await ask(session, { ':method': 'POST', 'content-length': '200000' }, body)).body).toBe(body);
  expect((await backend.request(0)).header('transfer-encoding')).toBe('chunked');
  expect((await backend.request(1)).header('content-length')).toBe('200000');
});

test('HEAD, 204 and 304 have no body, and the stream ends with the head', async () => {
  const backend = await startRawBackend((request) => {
    if (request.method === 'HEAD') request.reply('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n');
    else request.reply(`HTTP/1.1 ${request.target.slice(1)} X\r\nETag: "a"\r\n\r\n`);
  });
  const proxy = await startProxy({ backendPort: backend.port, listener: http2 });
  const session = http2Session(proxy.port);
  expect(await ask(session, { ':method': 'HEAD' })).toMatchObject({
    status: 200,
    body: '',
    headers: { 'content-length': '7' },
  });
  expect(await ask(session, { ':path': '/204' })).toMatchObject({ status: 204, body: '' });
  expect(await ask(session, { ':path': '/304' })).toMatchObject({ status: 304, body: '' });
});

test('errors of our own are answered on the stream, and the connection goes on', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { ...http2, limits: { target: '20B', body: '10B', head: '1KiB' } },
  });
  const session = http2Session(proxy.port);
  expect((await ask(session, { ':path': `/${'a'.repeat(30)}` })).status).toBe(414);
  expect((await ask(session, { ':method': 'POST' }, 'x'.repeat(20))).status).toBe(413);
  expect((await ask(session, { 'x-long': 'a'.repeat(2000) })).status).toBe(431);
  expect((await ask(session, { ':method': 'TRACE' })).status).toBe(405);
  expect((await ask(session)).status).toBe(200);
});

test('many streams at once share one connection', async () => {
  const backend = await startRawBackend((request) => request.reply(ok(request.target)));
  const proxy = await startProxy({ backendPort: backend.port, listener: http2 });
  const session = http2Session(proxy.port);
  const answers = await Promise.all(Array.from({ length: 90 }, (_, i) => ask(session, { ':path': `/${i}` })));
  expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 90 }, (_, i) => `/${i}`));
  expect(proxy.service.counters.connections).toBe(1);
});

test('HTTP/1.1 is spoken on the same listener', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port, listener: http2 });
  expect(await (await fetch(`http://127.0.0.1:${proxy.port}/`)).text()).toBe('hello');
});
