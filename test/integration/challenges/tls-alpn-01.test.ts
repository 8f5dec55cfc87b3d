import { once } from 'node:events';
import { expect, test } from 'vitest';
import { authorityFile, certificate } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { runToEnd } from '../../support/run-to-end.ts';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { request, startHttps } from '../tls/setup.ts';
import { challenges, validate } from './setup.ts';

test.each([
  ['TLSv1.2', {}],
  ['TLSv1.3', {}],
  ['TLSv1.2', { policy: 'modern' }],
] as const)(
  'a CA gets the certificate of the challenge, and the end of the connection (%s, %o)',
  async (maxVersion, tls) => {
    const { proxy } = await startHttps({ tls });
    proxy.challenges.use(challenges);
    const validator = await validate(proxy.port, { maxVersion, servername: 'Site.Test' });
    expect(validator.alpnProtocol).toBe('acme-tls/1');
    expect(validator.getPeerCertificate().subject.CN).toBe('two.test');
    validator.resume();
    await once(validator, 'close');
    expect(proxy.service.counters).toMatchObject({ connections: 0, requests: 0, refused: 0 });
    expect(proxy.certificates?.asked).toEqual(['']);
  },
);

test('it is no client, from its hello on', async () => {
  const { proxy } = await startHttps();
  proxy.challenges.use(challenges);
  const client = await connectTls(proxy.port);
  // With TLS 1.2 the CA says the last word: its handshake lasts until it does.
  const validator = await validate(proxy.port, { maxVersion: 'TLSv1.2' });
  expect(proxy.service.counters.connections).toBe(1);
  validator.destroy();
  client.socket.destroy();
  await poll(() => proxy.service.counters.connections === 0);
  await proxy.drain();
  expect(proxy.service.counters).toMatchObject({ connections: 0, refused: 0 });
});

test('a name without a challenge, and none at all, is refused by an alert', async () => {
  const { proxy } = await startHttps();
  proxy.challenges.use(challenges);
  for (const servername of ['one.test', ''])
    expect(await refusal(proxy.port, { servername, ALPNProtocols: ['acme-tls/1'] })).toBe(
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    );
  expect(proxy.service.counters).toMatchObject({ connections: 0, refused: 2 });
});

test('clients that offer it among others are clients', async () => {
  const { proxy } = await startHttps();
  proxy.challenges.use({ http: {}, alpn: { 'one.test': certificate('two') } });
  const client = await connectTls(proxy.port, { ALPNProtocols: ['acme-tls/1', 'http/1.1'] });
  expect([client.tls.alpnProtocol, client.certificateName]).toEqual(['http/1.1', 'one.test']);
  client.send(request);
  expect((await client.answer()).status).toBe(200);
});

test('no certificate is asked of a CA where clients must show one', async () => {
  const { proxy } = await startHttps({ tls: { clientCertificates: { mode: 'require', ca: authorityFile } } });
  proxy.challenges.use(challenges);
  expect((await validate(proxy.port)).alpnProtocol).toBe('acme-tls/1');
});

test('OpenSSL sees the same', async () => {
  const { proxy } = await startHttps();
  proxy.challenges.use(challenges);
  const { stdout } = await runToEnd('openssl', [
    's_client',
    '-connect',
    `127.0.0.1:${proxy.port}`,
    ...'-servername site.test -alpn acme-tls/1'.split(' '),
  ]);
  expect(stdout).toContain('ALPN protocol: acme-tls/1');
  expect(stdout).toContain('subject=CN = two.test');
});
