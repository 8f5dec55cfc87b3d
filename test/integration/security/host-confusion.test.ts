import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { startProxy } from '../http1/setup.ts';

// RFC 9112 3.2.2
test('an absolute target reaches the backend in origin form, with the Host it names', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  await client.request('GET http://Example.TEST/path?q HTTP/1.1\r\nHost: example.test\r\n\r\n');
  expect([backend.requests[0]?.target, backend.requests[0]?.header('host')]).toEqual([
    '/path?q',
    'example.test',
  ]);
});

test('routes see the host of the target, also where HTTP/1.0 sends no Host', async () => {
  const backend = await startRawBackend((request) => request.reply(ok(request.header('host') ?? '')));
  const proxy = await startProxy({
    listener: { upstream: undefined, routes: [{ host: 'inner.test', upstream: 'site' }] },
    backendPort: backend.port,
  });
  expect((await (await connectRaw(proxy.port)).request('GET http://inner.test/ HTTP/1.0\r\n\r\n')).body).toBe(
    'inner.test',
  );
  expect(
    (await (await connectRaw(proxy.port)).request('GET http://outer.test/ HTTP/1.0\r\n\r\n')).status,
  ).toBe(404);
});

test('X-Forwarded-Host and its relatives do not change the host that is routed by', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({
    listener: {
      upstream: undefined,
      routes: [{ host: 'inner.test', upstream: 'site' }],
      forwarded: { trust: ['127.0.0.1/32'] },
    },
    backendPort: backend.port,
  });
  const client = await connectRaw(proxy.port);
  for (const name of ['X-Forwarded-Host', 'X-Host', 'X-Original-Host', 'X-Forwarded-Server']) {
    expect(
      (await client.request(`GET / HTTP/1.1\r\nHost: outer.test\r\n${name}: inner.test\r\n\r\n`)).status,
    ).toBe(404);
  }
});

test.each([
  '/public/../admin',
  '/public/%2e%2e/admin',
  '/public/..%2fadmin',
  '/public/..;/admin',
  '/public/..\\admin',
  '/%2e/admin',
  '/a%00b',
  '/a%zz',
])('a path that servers read in different ways is refused: %s', async (path) => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  expect([answer.status, backend.received()]).toEqual([400, '']);
});
