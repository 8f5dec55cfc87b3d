import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from './setup.ts';

const POISON: [string, string, string][] = [
  ['two answers to one request', 'GET', ok('right') + ok('poison')],
  ['bytes behind a length', 'GET', `${ok('right')}x`],
  [
    'bytes behind the last chunk',
    'GET',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nright\r\n0\r\n\r\nx',
  ],
  ['a body in an answer to HEAD', 'HEAD', ok('poison')],
  ['a body in a 204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\npoison'],
  ['a body in a 304', 'GET', `HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison`],
];

test.each(POISON)('%s end the connection and reach nobody', async (_, method, reply) => {
  const backend = await startRawBackend((request) =>
    request.reply(request.target === '/next' ? ok('next') : reply),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n${get('/next')}`);
  expect((await client.answer(method)).body).toBe(method === 'GET' && reply.includes('200') ? 'right' : '');
  expect((await client.answer()).body).toBe('next');
  expect(client.buffered).toBe('');
  expect(backend.connections).toHaveLength(2);
});

test('bytes on an idle connection end it', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request(get('/'));
  backend.connections[0]?.send(ok('poison'));
  const runtime = proxy.upstreams.get('site')?.backends[0]?.runtime;
  await poll(() => runtime !== undefined && proxy.pools.count(runtime).idle === 0);
  expect((await client.request(get('/'))).body).toBe('hello');
  expect(backend.connections).toHaveLength(2);
});

test('an answer that comes before its request was sent whole is not followed by another exchange', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('early')));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
  expect((await client.answer()).body).toBe('early');
  await backend.connections[0]?.end();
  await (await connectRaw(proxy.port)).request(get('/'));
  expect(backend.connections).toHaveLength(2);
});
