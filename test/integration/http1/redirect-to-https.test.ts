import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, post } from '../../support/raw-client.ts';
import { entry, startProxy } from './setup.ts';

async function proxyWith(listener: Readonly<Record<string, unknown>>) {
  const backend = await startRawBackend();
  return { backend, proxy: await startProxy({ listener, backendPort: backend.port }) };
}

test('everything is sent to the same URL over https, the port left out', async () => {
  const { proxy, backend } = await proxyWith({ redirectToHttps: true });
  const client = await connectRaw(proxy.port);
  const answer = await client.request('GET /a%20b//c?d=e&f HTTP/1.1\r\nHost: Example.test:8080\r\n\r\n');
  expect([answer.status, answer.header('location')]).toEqual([308, 'https://example.test/a%20b//c?d=e&f']);
  // The connection goes on, also behind a body that nobody reads.
  const second = await client.request(post('/form', 'x=1'));
  expect([second.status, second.header('location')]).toEqual([308, 'https://example.test/form']);
  expect(backend.requests).toHaveLength(0);
  expect(await entry(proxy, 2)).toMatchObject({ status: 308, upstream: null, attempts: 0, error: null });
});

test.each([
  ['[2001:db8::1]:80', 'https://[2001:db8::1]:8443/'],
  ['192.0.2.1', 'https://192.0.2.1:8443/'],
  ['example.test.', 'https://example.test:8443/'],
])('Host %s, with a status and a port of its own', async (host, location) => {
  const { proxy } = await proxyWith({ redirectToHttps: { status: 302, port: 8443 } });
  const answer = await (await connectRaw(proxy.port)).request(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  expect([answer.status, answer.header('location')]).toEqual([302, location]);
});

test('OPTIONS * and a WebSocket handshake are redirected, too', async () => {
  const { proxy } = await proxyWith({ redirectToHttps: true });
  const client = await connectRaw(proxy.port);
  const options = await client.request('OPTIONS * HTTP/1.1\r\nHost: example.test\r\n\r\n');
  expect([options.status, options.header('location')]).toEqual([308, 'https://example.test']);
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const socket = await client.request(get('/ws', ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='));
  expect([socket.status, socket.header('location')]).toEqual([308, 'https://example.test/ws']);
});

test.each([
  ['/.well-known/acme-challenge/token', 200],
  ['/%2ewell-known/acme-challenge/token', 200],
  ['/.well-known/acme-challenge', 308],
  ['/.well-known/acme-challenge/../secret', 400],
  ['/plain/', 200],
  ['/plain/page?query', 200],
  ['/plain', 308],
  ['/exact', 200],
  ['/exact/more', 308],
])('with exceptions, %s is answered with %i', async (target, status) => {
  const { proxy } = await proxyWith({ redirectToHttps: { except: ['/plain/*', '/exact'] } });
  expect((await (await connectRaw(proxy.port)).request(get(target))).status).toBe(status);
});

test('without a Host there is nothing to redirect to', async () => {
  const { proxy } = await proxyWith({ redirectToHttps: true });
  expect((await (await connectRaw(proxy.port)).request('GET / HTTP/1.0\r\n\r\n')).status).toBe(400);
  expect((await entry(proxy)).error).toBe('request-malformed');
});

test('what came to a trusted proxy over https is not redirected in a circle', async () => {
  const { proxy } = await proxyWith({ redirectToHttps: true, forwarded: { trust: ['127.0.0.1'] } });
  const client = await connectRaw(proxy.port);
  expect((await client.request(get('/', 'X-Forwarded-Proto: https'))).status).toBe(200);
  expect((await client.request(get('/', 'X-Forwarded-Proto: http'))).status).toBe(308);
});
