import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { authority, certificate } from '../../support/certificates.ts';
import { listenForTest } from '../../support/listen.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import type { BackendScript, RawBackend } from '../../support/raw-backend.ts';
import { prober } from './probe.ts';

const GOOD = { ok: true, reason: 'status 200' };

function checksOf(backend: RawBackend, settings: object = {}) {
  return prober(`127.0.0.1:${backend.port}`, { type: 'http', timeout: '5s', ...settings });
}

function connectionsUsed({ requests }: RawBackend): number[] {
  return requests.map(({ connection }) => connection.index);
}

test('five checks follow each other on one connection, and the sixth finds out whether another is accepted', async () => {
  const backend = await startRawBackend();
  const check = checksOf(backend);
  for (let i = 0; i < 11; i++) expect(await check()).toEqual(GOOD);
  expect(connectionsUsed(backend)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2]);
  expect(await backend.connections[0]?.end()).toBe('fin');
  expect(backend.received()).not.toContain('Connection:');
});

test.each<[what: string, settings: object]>([
  ['it is not wanted', { reuse: false }],
  ['the next check is a long time off', { interval: '31s' }],
])('each has one of its own where %s, and says so', async (_, settings) => {
  const backend = await startRawBackend();
  const check = checksOf(backend, settings);
  for (let i = 0; i < 2; i++) expect(await check()).toEqual(GOOD);
  expect(connectionsUsed(backend)).toEqual([0, 1]);
  expect(backend.requests.every(({ head }) => head.includes('\r\nConnection: close'))).toBe(true);
});

const reply =
  (text: string): BackendScript =>
  (request) =>
    request.reply(text);

test.each<[what: string, answer: string, settings: object]>([
  ['to a HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { method: 'HEAD' }],
  ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', {}],
  ['behind early hints', `HTTP/1.1 103 Early Hints\r\n\r\n${ok('x')}`, {}],
  ['whose body is looked at', ok('fine'), { body: 'fine' }],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n', {}],
  ['of HTTP/1.0 that wants it', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', {}],
])('an answer %s leaves the connection to the next check', async (_, answer, settings) => {
  const backend = await startRawBackend(reply(answer));
  const check = checksOf(backend, settings);
  for (let i = 0; i < 3; i++) expect(await check()).toMatchObject({ ok: true });
  expect(connectionsUsed(backend)).toEqual([0, 0, 0]);
});

test.each<[what: string, answer: string]>([
  ['that says so', ok('x', 'Connection: close')],
  ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['that ends with its connection', 'HTTP/1.1 200 OK\r\n\r\nabc'],
  ['with bytes behind it', `${ok('x')}y`],
  ['with bytes behind its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx\r\n\r\n'],
  ['with a malformed body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n'],
  ['that switches to another protocol', 'HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ['that is bad', 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'],
])('behind an answer %s the connection is closed', async (_, answer) => {
  const backend = await startRawBackend(reply(answer));
  const check = checksOf(backend, { status: '100-399' });
  await check();
  expect(await backend.connections[0]?.end()).toBe('fin');
  await check();
  expect(connectionsUsed(backend)).toEqual([0, 1]);
});

/** What was sent to this process before is read when a check of another backend is over. */
async function untilRead(): Promise<void> {
  await checksOf(await startRawBackend())();
}

test('a body that comes behind the result is read before the next check', async () => {
  const backend = await startRawBackend(reply('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'));
  const check = checksOf(backend);
  expect(await check()).toEqual(GOOD);
  backend.connections[0]?.send('cde');
  await untilRead();
  expect(await check()).toEqual(GOOD);
  // Half of this answer's body is still to come.
  expect(await check()).toEqual(GOOD);
  expect(connectionsUsed(backend)).toEqual([0, 0, 1]);
  expect(await backend.connections[0]?.end()).toBe('fin');
});

test('what comes between two checks is the answer to none', async () => {
  const backend = await startRawBackend();
  const check = checksOf(backend);
  await check();
  backend.connections[0]?.send('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
  expect(await backend.connections[0]?.end()).toBe('fin');
  expect(await check()).toEqual(GOOD);
});

test('a connection that the backend closes between two checks is replaced', async () => {
  const backend = await startRawBackend();
  const check = checksOf(backend);
  await check();
  backend.connections[0]?.socket.end();
  await backend.connections[0]?.end();
  expect(await check()).toEqual(GOOD);
  expect(connectionsUsed(backend)).toEqual([0, 1]);
});

test.each<[how: string, close: BackendScript]>([
  ['in good order', ({ connection }) => void connection.socket.end()],
  ['with a reset', ({ connection }) => void connection.socket.resetAndDestroy()],
  ['in the middle of the head', ({ connection }) => void connection.socket.end('HTTP/1.1 503 ')],
  [
    'in the middle of the body',
    ({ connection }) => void connection.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfin'),
  ],
])('one that it closes %s as the next check begins is no bad result', async (_, close) => {
  const backend = await startRawBackend((request) => {
    const isFirst =
      backend.requests.filter(({ connection }) => connection === request.connection).length === 1;
    if (isFirst) request.reply(ok('fine'));
    else return close(request);
  });
  const check = checksOf(backend, { body: 'fine' });
  for (let i = 0; i < 3; i++) expect(await check()).toEqual(GOOD);
  expect(connectionsUsed(backend)).toEqual([0, 0, 1, 1, 2]);
});

test('a new connection that ends, too, is one', async () => {
  const backend = await startRawBackend((request) => {
    if (backend.requests.length === 1) request.reply(ok(''));
    else request.connection.socket.end();
  });
  const check = checksOf(backend);
  await check();
  expect(await check()).toEqual({ ok: false, reason: 'closed the connection' });
  expect(connectionsUsed(backend)).toEqual([0, 0, 1]);
});

test('so is one that comes to nothing in the time of the check', async () => {
  const backend = await startRawBackend((request) => {
    if (backend.requests.length === 1) request.reply(ok(''));
    else if (request.connection.index === 0) request.connection.socket.end();
  });
  const check = checksOf(backend, { timeout: '300ms' });
  await check();
  const begun = performance.now();
  expect(await check()).toEqual({ ok: false, reason: 'no complete answer within 300 ms' });
  expect(performance.now() - begun).toBeLessThan(590);
});

test('over TLS: one handshake for the checks of a connection', async () => {
  const sockets = new Set<TLSSocket>();
  let requests = 0;
  const server = createServer(certificate('local'), (socket) => {
    sockets.add(socket);
    socket.on('data', () => {
      requests += 1;
      socket.write(ok('fine'));
    });
  });
  const port = await listenForTest(server, () => {
    for (const socket of sockets) socket.destroy();
  });
  const check = prober(
    `127.0.0.1:${port}`,
    { type: 'https', timeout: '5s' },
    { tls: { ca: '/ca.pem' } },
    { '/ca.pem': authority },
  );
  for (let i = 0; i < 4; i++) expect(await check()).toEqual(GOOD);
  expect([sockets.size, requests]).toEqual([1, 4]);
});
