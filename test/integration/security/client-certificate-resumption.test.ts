import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, authorityFile, certificate } from '../../support/certificates.ts';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { request, startHttps } from '../tls/setup.ts';

const asks = (mode: string): Record<string, unknown> => ({ clientCertificates: { mode, ca: authorityFile } });

/** The last session that a server gives until it ends the connection, if it gives any. */
function sessionOf(
  port: number,
  name: 'client' | 'stranger',
  maxVersion: 'TLSv1.2' | 'TLSv1.3',
): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let session: Buffer | null = null;
    const socket = connect({ port, ca: authority, servername: 'one.test', maxVersion, ...certificate(name) });
    onTestFinished(() => void socket.destroy());
    socket.on('session', (given) => (session = given));
    socket.on('error', () => {});
    socket.on('close', () => resolve(session));
    socket
      .on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))
      .resume();
  });
}

test.each([
  { mode: 'require', version: 'TLSv1.2' },
  { mode: 'require', version: 'TLSv1.3' },
  { mode: 'optional', version: 'TLSv1.2' },
  { mode: 'optional', version: 'TLSv1.3' },
] as const)(
  "a refused client's session does not get it in either ($mode, $version)",
  async ({ mode, version }) => {
    const { proxy, backend } = await startHttps({ tls: asks(mode) });
    const session = await sessionOf(proxy.port, 'stranger', version);
    if (session !== null)
      expect(await refusal(proxy.port, { session, maxVersion: version })).not.toContain('200 OK');
    expect(backend.requests).toHaveLength(0);
  },
);

test('a session with one listener is none with another, whose authorities are not the same', async () => {
  const open = await startHttps();
  const closed = await startHttps({ tls: asks('require') });
  const first = await connectTls(open.proxy.port);
  const session = new Promise<Buffer>((resolve) => void first.tls.once('session', resolve));
  first.send(request);
  expect(await refusal(closed.proxy.port, { session: await session })).not.toContain('200 OK');
  expect(closed.backend.requests).toHaveLength(0);
});

test('a session of a client that was let in is resumed, with its certificate', async () => {
  const { proxy, backend } = await startHttps({
    tls: asks('require'),
    listener: { forwarded: { clientCertificate: true } },
  });
  const session = await sessionOf(proxy.port, 'client', 'TLSv1.3');
  const again = await connectTls(proxy.port, { session: session ?? Buffer.alloc(0) });
  expect(again.tls.isSessionReused()).toBe(true);
  again.send(request);
  expect((await again.answer()).status).toBe(200);
  expect((await backend.request(1)).header('x-client-cert-subject')).toContain('CN=client');
});
