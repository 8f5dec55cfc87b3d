import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

test.each([
  ['an encoded CR LF in a target stays encoded', '/a%0d%0aSet-Cookie:%20x=1'],
  ['an encoded whole answer in a target stays encoded', `/a${encodeURIComponent(`\r\n\r\n${SECOND}`)}`],
])('%s', async (_, target) => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request(get(target));
  expect(answer.status).toBe(200);
  expect(backend.requests[0]?.target).toBe(target);
  expect(answer.header('set-cookie')).toBeNull();
});

test.each([
  ['a bare LF', 'Location: /a\nSet-Cookie: x=1'],
  ['a bare CR', 'Location: /a\rSet-Cookie: x=1'],
  ['NUL', 'Location: /a\0b'],
  ['a folded line', 'Location: /a\r\n Set-Cookie: x=1'],
])('a backend that lets %s into a header is not passed on', async (_, line) => {
  const backend = await startRawBackend((request) =>
    request.reply(`HTTP/1.1 302 Found\r\n${line}\r\nContent-Length: 0\r\n\r\n`),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request(get('/'));
  expect([answer.status, answer.header('set-cookie'), answer.header('location')]).toEqual([502, null, null]);
});

test('an answer that was split in two reaches the client as one, and nobody gets the other', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      request.target === '/'
        ? `HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n${SECOND}`
        : 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood',
    ),
  );
  const proxy = await startProxy({ backendPort: backend.port });
  const victim = await connectRaw(proxy.port);
  const attacker = await connectRaw(proxy.port);
  expect((await attacker.request(get('/'))).status).toBe(302);
  expect((await victim.request(get('/page'))).body).toBe('good');
  expect((await attacker.request(get('/page'))).body).toBe('good');
});

test('an error page carries nothing of what the client sent', async () => {
  const proxy = await startProxy({ listener: { upstream: undefined } });
  const answer = await (
    await connectRaw(proxy.port)
  ).request(get('/<script>alert(1)</script>', 'X-Request-Id: <script>'));
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.body).not.toContain('script');
});
