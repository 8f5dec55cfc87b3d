import { createServer as createPlainServer } from 'node:net';
import { createServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, certificate } from '../../support/certificates.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { probe } from './probe.ts';

/** A TLS server that answers every request with 200. */
async function startTlsServer(options: TlsOptions): Promise<{ address: string; received: () => string }> {
  let received = '';
  const server = createServer(options, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => {
      received += piece.toString('latin1');
      socket.write(ok('fine'));
    });
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { address: `127.0.0.1:${address.port}`, received: () => received };
}

const trusting = { tls: { ca: '/ca.pem' } };
const texts = { '/ca.pem': authority };

test('a handshake that comes about is up', async () => {
  const { address } = await startTlsServer(certificate('local'));
  expect(await probe(address, { type: 'tls' }, trusting, texts)).toEqual({ ok: true, reason: 'connected' });
});

test('a certificate of another name, one that is expired, one that nobody issued are down', async () => {
  const reasons = [];
  for (const name of ['one', 'expired', 'stranger'] as const) {
    const { address } = await startTlsServer(certificate(name));
    const serverName = name === 'expired' ? { serverName: 'expired.test' } : {};
    const result = await probe(address, { type: 'tls' }, { tls: { ca: '/ca.pem', ...serverName } }, texts);
    expect(result.ok).toBe(false);
    reasons.push(result.reason);
  }
  expect(reasons).toEqual([
    expect.stringContaining("does not match certificate's altnames"),
    'certificate has expired',
    expect.stringContaining('unable to verify the first certificate'),
  ]);
});

test('verified by what Node trusts where only the check speaks TLS', async () => {
  const { address } = await startTlsServer(certificate('local'));
  expect(await probe(address, { type: 'tls' })).toMatchObject({ ok: false });
});

test('a backend that speaks no TLS is down', async () => {
  const backend = await startRawBackend(undefined, ({ socket }) => void socket.end('220 ready\r\n'));
  const result = await probe(`127.0.0.1:${backend.port}`, { type: 'tls' }, trusting, texts);
  expect(result).toMatchObject({ ok: false });
});

test('and one that says nothing, when the time is over', async () => {
  const backend = await startRawBackend();
  const check = { type: 'tls', timeout: '100ms' };
  expect(await probe(`127.0.0.1:${backend.port}`, check, trusting, texts)).toEqual({
    ok: false,
    reason: 'no TLS connection within 100 ms',
  });
});

test.each(['https', 'http'])('%s to a backend that speaks TLS', async (type) => {
  const { address, received } = await startTlsServer(certificate('local'));
  const check = { type, path: '/healthz', body: 'fine' };
  expect(await probe(address, check, trusting, texts)).toEqual({ ok: true, reason: 'status 200' });
  expect(received()).toContain('GET /healthz HTTP/1.1\r\n');
});

test('http on a port of its own is plain', async () => {
  const { address } = await startTlsServer(certificate('local'));
  const plain = await startRawBackend();
  expect(await probe(address, { type: 'http', port: plain.port }, trusting, texts)).toMatchObject({
    ok: true,
  });
});

test('a PROXY protocol header goes ahead of the handshake', async () => {
  const secure = createServer(certificate('local'), (socket) => void socket.end());
  let first = '';
  const server = createPlainServer((socket) => {
    socket.once('readable', () => {
      first = String(socket.read('PROXY UNKNOWN\r\n'.length));
      secure.emit('connection', socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const upstream = { ...trusting, proxyProtocol: 'v1' };
  expect(await probe(`127.0.0.1:${address.port}`, { type: 'tls' }, upstream, texts)).toEqual({
    ok: true,
    reason: 'connected',
  });
  expect(first).toBe('PROXY UNKNOWN\r\n');
});

test('a client certificate', async () => {
  const { address } = await startTlsServer({
    ...certificate('local'),
    requestCert: true,
    ca: authority,
    maxVersion: 'TLSv1.2',
  });
  const { cert, key } = certificate('client');
  const showing = { tls: { ca: '/ca.pem', cert: '/c.pem', key: '/c.key' } };
  const files = { ...texts, '/c.pem': cert, '/c.key': key };
  expect(await probe(address, { type: 'tls' }, showing, files)).toMatchObject({ ok: true });
  expect(await probe(address, { type: 'tls' }, trusting, texts)).toMatchObject({ ok: false });
});
