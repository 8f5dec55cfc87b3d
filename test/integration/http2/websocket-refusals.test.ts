import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { expect, test } from 'vitest';
import { ok, startRawBackend, type BackendScript, type RawBackend } from '../../support/raw-backend.ts';
import type { DataPath } from '../../support/data-path.ts';
import { acceptanceOf } from '../../support/websocket-peers.ts';
import { entry, inFlight, startProxy } from '../http1/setup.ts';
import { ask, http2Session } from './setup.ts';

interface Asked {
  readonly stream: ClientHttp2Stream;
  readonly session: ClientHttp2Session;
  readonly backend: RawBackend;
  readonly proxy: DataPath;
}

/** Begins a handshake, and sends what only the WebSocket may carry with it. */
async function begin(script: BackendScript): Promise<Asked> {
  const backend = await startRawBackend(script);
  const proxy = await startProxy({ backendPort: backend.port, listener: { http2: true } });
  const session = http2Session(proxy.port);
  await once(session, 'remoteSettings');
  const stream = session.request(
    { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', 'sec-websocket-version': '13' },
    { endStream: false },
  );
  stream.on('error', () => {});
  stream.write('GET /internal HTTP/1.1\r\nHost: internal\r\n\r\n');
  return { stream, session, backend, proxy };
}

test.each([
  ['403 with a body', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 403, 'no'],
  [
    '426 in chunks',
    'HTTP/1.1 426 Upgrade Required\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
    426,
    'no',
  ],
  ['200', ok('hello'), 200, 'hello'],
])('a backend that answers %s: no tunnel, and nothing for one reaches it', async (_, reply, status, body) => {
  const { stream, session, backend, proxy } = await begin((request) =>
    request.reply(request.target === '/chat' ? reply : ok('next')),
  );
  let received = '';
  stream.on('data', (piece: Buffer) => (received += piece.toString()));
  const [head] = await once(stream, 'response');
  await once(stream, 'close');
  expect([head, received]).toMatchObject([{ ':status': status }, body]);
  expect((await entry(proxy)).status).toBe(status);
  expect((await ask(session)).body).toBe('next');
  expect(backend.received()).not.toContain('/internal');
});

test('a client that resets the stream in mid-handshake takes the attempt with it', async () => {
  const { stream, session, backend, proxy } = await begin(() => {});
  const { connection } = await backend.request(0);
  stream.close(8);
  await connection.end();
  expect((await entry(proxy)).error).toBe('client-abort');
  expect([inFlight(proxy), proxy.service.counters.webSockets, session.destroyed]).toEqual([0, 0, false]);
});

test('an acceptance that comes after the stream was reset opens nothing', async () => {
  const { stream, session, backend, proxy } = await begin(() => {});
  const request = await backend.request(0);
  stream.close(8);
  request.reply(`${acceptanceOf(request)}\x81\x02hi`);
  await request.connection.end();
  await entry(proxy);
  expect(proxy.service.counters.webSockets).toBe(0);
  const next = ask(session);
  (await backend.request(1)).reply(ok('next'));
  expect((await next).body).toBe('next');
  expect(backend.received()).not.toContain('/internal');
});
