import { expect, test } from 'vitest';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { entry, startProxy } from '../http1/setup.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Key: ${KEY}`];
const SMUGGLED = get('/internal');

test('a handshake that the backend declines opens no way past the proxy: what follows is a request like any other', async () => {
  const backend = await startRawBackend((request) =>
    request.reply(
      request.target === '/chat'
        ? 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n'
        : ok('reached'),
    ),
  );
  const proxy = await startProxy({
    listener: { upstream: undefined, routes: [{ path: '/chat', upstream: 'site' }] },
    backendPort: backend.port,
  });
  const client = await connectRaw(proxy.port);
  // The wrong version makes a backend decline; some proxies tunnel all the same.
  client.send(get('/chat', ...UPGRADE, 'Sec-WebSocket-Version: 777') + SMUGGLED);
  expect((await client.answer()).status).toBe(426);
  expect((await client.answer()).status).toBe(404);
  expect(backend.received()).not.toContain('/internal');
});

test('bytes behind a handshake are kept from the backend until it has accepted', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(get('/chat', ...UPGRADE, 'Sec-WebSocket-Version: 13') + SMUGGLED);
  const { connection } = await backend.request(0);
  // A whole exchange over another connection: time enough for the bytes to leak.
  const other = await connectRaw(proxy.port);
  other.send(get('/other'));
  (await backend.request(1)).reply(ok('other'));
  await other.answer();
  expect(connection.transcript).not.toContain('/internal');
  connection.send(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n',
  );
  expect((await client.answer()).status).toBe(502);
  expect(connection.transcript).not.toContain('/internal');
});

test.each(['h2c', 'TLS/1.0', 'websocket, h2c', 'foo'])(
  'Upgrade: %s is not passed on, nor tunnelled',
  async (protocol) => {
    const backend = await startRawBackend();
    const proxy = await startProxy({ backendPort: backend.port });
    const client = await connectRaw(proxy.port);
    client.send(
      get(
        '/',
        'Connection: Upgrade, HTTP2-Settings',
        `Upgrade: ${protocol}`,
        'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
      ) + get('/second'),
    );
    expect((await client.answer()).body).toBe('hello');
    expect((await client.answer()).body).toBe('hello');
    for (const name of ['upgrade', 'http2-settings', 'connection'])
      expect(backend.requests[0]?.header(name)).toBeNull();
    await entry(proxy, 2);
  },
);

test('Upgrade without Connection: Upgrade is no handshake', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  await (await connectRaw(proxy.port)).request(get('/', 'Upgrade: websocket', `Sec-WebSocket-Key: ${KEY}`));
  expect(backend.requests[0]?.header('upgrade')).toBeNull();
});

test('the HTTP/2 preface on an HTTP/1.1 connection: 505', async () => {
  const backend = await startRawBackend();
  const proxy = await startProxy({ backendPort: backend.port });
  const answer = await (await connectRaw(proxy.port)).request('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  expect([answer.status, backend.received()]).toEqual([505, '']);
});
