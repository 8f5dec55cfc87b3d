import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { Certificate } from '../../../core/shared/certificate.ts';
import {
  authority,
  authorityFile,
  certificate,
  certificateFiles,
  type CertificateName,
} from '../../support/certificates.ts';
import type { DataPath } from '../../support/data-path.ts';
import { runToEnd } from '../../support/run-to-end.ts';
import { startHttps } from './setup.ts';

/** What a client that asks for a staple gets; null: none. */
async function staple(port: number, options: ConnectionOptions = {}): Promise<string | null> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: authority,
    servername: 'one.test',
    requestOCSP: true,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  let received: Buffer | null = null;
  socket.on('OCSPResponse', (response: Buffer | null) => (received = response));
  await once(socket, 'secureConnect');
  return received === null ? null : String(received);
}

function pair(name: CertificateName, keyType: string, ocsp: string | null): Certificate['pairs'][number] {
  return {
    keyType,
    ...certificate(name),
    ocsp: ocsp === null ? null : Buffer.from(ocsp).toString('base64'),
  };
}

function present({ certificates, front }: DataPath, ...pairs: Certificate['pairs']): void {
  if (certificates === null) throw new Error('no source');
  certificates.answerFor = async () => ({
    certificate: { id: 'same', pairs },
    asksRule: false,
    keepMs: null,
  });
  front?.certificatesChanged();
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'clients that ask get the staple of the certificate that they get (%s)',
  async (maxVersion) => {
    const { proxy } = await startHttps();
    present(proxy, pair('one', 'ec', 'for ec'), pair('one-rsa', 'rsa', 'for rsa'));
    const ciphers = 'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256';
    const withKey = (sigalgs: string): Promise<string | null> =>
      staple(proxy.port, { maxVersion, sigalgs, ciphers, rejectUnauthorized: false });
    expect(await withKey('ecdsa_secp256r1_sha256')).toBe('for ec');
    expect(await withKey('rsa_pss_rsae_sha256')).toBe('for rsa');
    // The second time everything is known.
    expect(await withKey('ecdsa_secp256r1_sha256')).toBe('for ec');
  },
);

test('there is none for a certificate without, nor without a name to choose by', async () => {
  const { proxy } = await startHttps();
  expect(await staple(proxy.port)).toBeNull();
  present(proxy, pair('one', 'ec', 'for ec'), pair('one-rsa', 'rsa', null));
  expect(await staple(proxy.port)).toBe('for ec');
  expect(await staple(proxy.port, { servername: '', rejectUnauthorized: false })).toBeNull();
  expect(await staple(proxy.port, { sigalgs: 'rsa_pss_rsae_sha256', rejectUnauthorized: false })).toBeNull();
});

test('a new staple replaces the old one of a certificate that stays, and is taken away', async () => {
  const { proxy } = await startHttps();
  for (const text of ['old', 'new', null, 'again']) {
    present(proxy, pair('one', 'ec', text));
    expect(await staple(proxy.port)).toBe(text);
  }
});

test('OpenSSL finds what a responder has signed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidegate-ocsp-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const index = path.join(folder, 'index');
  const response = path.join(folder, 'response.der');
  await writeFile(index, '');
  const options = {
    index,
    ndays: '1',
    respout: response,
    CA: authorityFile,
    issuer: authorityFile,
    rsigner: authorityFile,
    rkey: authorityFile.replace(/pem$/, 'key'),
    cert: certificateFiles('one').cert,
  };
  const signed = await runToEnd('openssl', [
    'ocsp',
    ...Object.entries(options).flatMap(([name, value]) => [`-${name}`, value]),
  ]);
  expect(signed.stderr + signed.stdout).not.toContain('rror');
  const { proxy } = await startHttps();
  present(proxy, {
    keyType: 'ec',
    ...certificate('one'),
    ocsp: (await readFile(response)).toString('base64'),
  });
  const { stdout } = await runToEnd('openssl', [
    's_client',
    '-connect',
    `127.0.0.1:${proxy.port}`,
    ...'-servername one.test -status'.split(' '),
  ]);
  expect(stdout).toContain('OCSP Response Status: successful');
});
