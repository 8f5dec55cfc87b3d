import type { ConnectionOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { startHttps } from './setup.ts';

/** The name in the certificate that a client gets. */
async function certificateFor(port: number, options: ConnectionOptions): Promise<string> {
  return (await connectTls(port, { ...options, checkServerIdentity: () => undefined })).certificateName;
}

test('the name that a client asks for chooses: exact, wildcard, else the default', async () => {
  const { proxy } = await startHttps({ certificates: ['one', 'two', 'wild'], tls: { default: 'two.test' } });
  const ask = (servername: string): Promise<string> => certificateFor(proxy.port, { servername });
  expect(await ask('one.test')).toBe('one.test');
  expect(await ask('WWW.one.test')).toBe('one.test');
  expect(await ask('any.wild.test')).toBe('*.wild.test');
  expect(await ask('unknown.test')).toBe('two.test');
  expect(await ask('')).toBe('two.test');
});

test('without a default it is the first certificate', async () => {
  const { proxy } = await startHttps({ certificates: ['two', 'one'] });
  expect(await certificateFor(proxy.port, { servername: 'unknown.test' })).toBe('two.test');
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'unknown names can be refused, with an alert (%s)',
  async (maxVersion) => {
    const { proxy } = await startHttps({ tls: { unknownNames: 'refuse' } });
    expect(await refusal(proxy.port, { servername: 'unknown.test', maxVersion })).toBe(
      'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    );
    expect(await refusal(proxy.port, { servername: '', maxVersion })).toMatch(/HANDSHAKE_FAILURE/);
    expect(await certificateFor(proxy.port, { servername: 'one.test', maxVersion })).toBe('one.test');
    expect(proxy.service.counters.refused).toBe(2);
  },
);

test('ECDSA and RSA side by side for one name: each client gets what it understands', async () => {
  const { proxy } = await startHttps({ certificates: ['one-rsa', 'one'] });
  const keyFor = async (sigalgs: string, servername: string): Promise<string | undefined> => {
    const client = await connectTls(proxy.port, { sigalgs, servername, rejectUnauthorized: false });
    return client.tls.getPeerX509Certificate()?.publicKey.asymmetricKeyType;
  };
  for (const servername of ['one.test', '']) {
    expect(await keyFor('ecdsa_secp256r1_sha256', servername)).toBe('ec');
    expect(await keyFor('ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256', servername)).toBe('ec');
    expect(await keyFor('rsa_pss_rsae_sha256', servername)).toBe('rsa');
  }
});

test('a client of TLS 1.2 whose cipher suites are for RSA gets that certificate, whatever it could verify', async () => {
  const { proxy } = await startHttps({ certificates: ['one', 'one-rsa'] });
  const keyFor = async (ciphers: string, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<unknown> => {
    const options: ConnectionOptions = { ciphers, maxVersion, rejectUnauthorized: false };
    return (await connectTls(proxy.port, options)).tls.getPeerX509Certificate()?.publicKey.asymmetricKeyType;
  };
  expect(await keyFor('ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.2')).toBe('rsa');
  // The policy does not have that suite for ECDSA.
  expect(await keyFor('ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.2')).toBe('rsa');
  expect(await keyFor('ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384', 'TLSv1.2')).toBe('ec');
  expect(await keyFor('TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.3')).toBe('ec');
});
