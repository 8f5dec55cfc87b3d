import { once } from 'node:events';
import { expect, test } from 'vitest';
import { authorityFile, certificate } from '../../support/certificates.ts';
import { clientHello } from '../../support/client-hello.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { recordingLog } from '../../support/recording-log.ts';
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
  const validator = await connectRaw(proxy.port);
  validator.send(await clientHello({ servername: 'site.test', ALPNProtocols: ['acme-tls/1'] }));
  await validator.until(() => (validator.buffered === '' ? null : true), 'a ServerHello');
  expect(proxy.service.counters.connections).toBe(1);
  validator.socket.destroy();
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

test('a certificate that can not be used costs the validation, and nothing else', async () => {
  const { log, lines } = recordingLog();
  const { proxy } = await startHttps({ log });
  proxy.challenges.use({ http: {}, alpn: { 'site.test': { cert: 'none', key: 'none' } } });
  await expect(validate(proxy.port)).rejects.toThrow();
  expect(lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
    'a challenge can not be answered',
  ]);
  expect((await connectTls(proxy.port)).certificateName).toBe('one.test');
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
