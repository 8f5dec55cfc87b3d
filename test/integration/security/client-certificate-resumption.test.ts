import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, authorityFile, certificate, otherAuthorityFile } from '../../support/certificates.ts';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { request, startHttps } from '../tls/setup.ts';

const asks = (mode: string, ca = authorityFile): Record<string, unknown> => ({
  clientCertificates: { mode, ca },
});

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

test('a session with a listener that lets other authorities in is none with this one', async () => {
  const other = await startHttps({ tls: asks('require', otherAuthorityFile) });
  const session = await sessionOf(other.proxy.port, 'stranger', 'TLSv1.3');
  expect(other.backend.requests).toHaveLength(1);
  const { proxy, backend } = await startHttps({ tls: asks('require') });
  const again = await refusal(proxy.port, { session: session ?? Buffer.alloc(0) });
  expect(again).not.toContain('200 OK');
  expect(backend.requests).toHaveLength(0);
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
