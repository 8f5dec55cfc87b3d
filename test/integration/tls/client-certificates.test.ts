import { expect, test } from 'vitest';
import { authorityFile, certificate } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { connectTls, refusal } from '../../support/tls-client.ts';
import { loadSandbox } from '../rules/load-sandbox.ts';
import { request, startHttps } from './setup.ts';

const asks = (mode: 'require' | 'optional'): Record<string, unknown> => ({
  clientCertificates: { mode, ca: authorityFile },
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'required: none, or one of another authority, is refused (%s)',
  async (maxVersion) => {
    const { proxy, backend } = await startHttps({ tls: asks('require') });
    expect(await refusal(proxy.port, { maxVersion })).not.toContain('200 OK');
    expect(await refusal(proxy.port, { maxVersion, ...certificate('stranger') })).not.toContain('200 OK');
    expect(backend.requests).toHaveLength(0);
    expect(proxy.service.counters.refused).toBe(2);
    const client = await connectTls(proxy.port, { maxVersion, ...certificate('client') });
    client.send(request);
    expect((await client.answer()).status).toBe(200);
  },
);

test('a client without the certificate that is required is told so, and the log says why each was refused', async () => {
  const { log, lines } = recordingLog();
  const { proxy } = await startHttps({ tls: asks('require'), log });
  expect(await refusal(proxy.port)).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  await refusal(proxy.port, certificate('stranger'));
  await poll(() => lines.length === 2);
  expect(lines.map(({ fields }) => fields['reason'])).toEqual([
    expect.stringContaining('peer did not return a certificate'),
    "the client's certificate was refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ]);
});

test('optional: a client may do without, but not with one of another authority', async () => {
  const { proxy } = await startHttps({ tls: asks('optional') });
  const without = await connectTls(proxy.port);
  without.send(request);
  expect((await without.answer()).status).toBe(200);
  expect(await refusal(proxy.port, certificate('stranger'))).not.toContain('200 OK');
});

test('rules see the connection, and who the client is', async () => {
  const { script } = await loadSandbox(
    'export default defineRules({ request: (req) => respond(JSON.stringify(req.tls)) });',
  );
  const { proxy } = await startHttps({ tls: asks('optional'), rules: script });
  const client = await connectTls(proxy.port, { ...certificate('client'), servername: 'WWW.one.test' });
  client.send(request);
  const x509 = client.tls.getX509Certificate();
  expect(JSON.parse((await client.answer()).body)).toEqual({
    serverName: 'www.one.test',
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    client: {
      subject: String.raw`CN=client,O=Tide\, Inc.`,
      issuer: 'CN=Tidegate test authority',
      fingerprint256: x509?.fingerprint256,
      notAfter: x509?.validToDate.toISOString(),
    },
  });
  const without = await connectTls(proxy.port, { servername: '', checkServerIdentity: () => undefined });
  without.send(request);
  expect(JSON.parse((await without.answer()).body)).toMatchObject({ serverName: null, client: null });
});

test('backends hear of it by option', async () => {
  const { proxy, backend } = await startHttps({
    tls: asks('optional'),
    listener: { forwarded: { clientCertificate: true } },
  });
  const client = await connectTls(proxy.port, certificate('client'));
  client.send(request);
  await client.answer();
  const received = await backend.request(0);
  expect(received.header('x-client-cert-subject')).toBe(String.raw`CN=client,O=Tide\, Inc.`);
  expect(received.header('x-client-cert-fingerprint')).toBe(client.tls.getX509Certificate()?.fingerprint256);
});
