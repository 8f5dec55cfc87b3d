import { expect, test } from 'vitest';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { startHttps } from './setup.ts';

test('modern: TLS 1.3 only', async () => {
  const { proxy } = await startHttps({ tls: { policy: 'modern' } });
  expect((await connectTls(proxy.port)).tls.getProtocol()).toBe('TLSv1.3');
  expect(await refusal(proxy.port, { maxVersion: 'TLSv1.2' })).toMatch(/PROTOCOL_VERSION/);
});

test('intermediate: TLS 1.2 with forward secrecy and authenticated encryption only, and no older one', async () => {
  const { proxy } = await startHttps({ certificates: ['one-rsa'] });
  const client = await connectTls(proxy.port, { maxVersion: 'TLSv1.2' });
  expect(client.tls.getCipher().name).toMatch(/^ECDHE-RSA-/);
  const ciphers = 'AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA';
  expect(await refusal(proxy.port, { maxVersion: 'TLSv1.2', ciphers })).toMatch(/HANDSHAKE_FAILURE/);
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  expect(await refusal(proxy.port, old)).toMatch(/PROTOCOL_VERSION/);
});

test("the client's order of cipher suites counts", async () => {
  const { proxy } = await startHttps();
  const ciphers = 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';
  const client = await connectTls(proxy.port, { ciphers });
  expect(client.tls.getCipher().name).toBe('TLS_CHACHA20_POLY1305_SHA256');
});

test('a policy of your own', async () => {
  const policy = { maxVersion: 'TLSv1.2', ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384'], groups: ['secp384r1'] };
  const { proxy } = await startHttps({ tls: { policy } });
  const client = await connectTls(proxy.port);
  expect(client.tls.getCipher()).toMatchObject({ name: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
  expect(client.tls.getEphemeralKeyInfo()).toMatchObject({ name: 'secp384r1' });
});
