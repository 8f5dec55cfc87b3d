import { expect, test } from 'vitest';
import { authorityFile, certificate } from '../../support/certificates.ts';
import { connectTls } from '../../support/tls-client.ts';
import { startHttps } from '../tls/setup.ts';

const forged =
  'GET / HTTP/1.1\r\nHost: one.test\r\nX-Client-Cert-Subject: CN=admin\r\nX_Client_Cert_Subject: CN=admin\r\nX-Client-Cert-Fingerprint: AA\r\n\r\n';

test.each([true, false])(
  'what a client says of its certificate in headers reaches no backend (option: %s)',
  async (clientCertificate) => {
    const { proxy, backend } = await startHttps({
      tls: { clientCertificates: { mode: 'optional', ca: authorityFile } },
      listener: { forwarded: { clientCertificate } },
    });
    const without = await connectTls(proxy.port);
    without.send(forged);
    await without.answer();
    const known = await connectTls(proxy.port, certificate('client'));
    known.send(forged);
    await known.answer();
    expect(backend.received()).not.toContain('CN=admin');
    expect(backend.received()).not.toContain('AA\r\n');
  },
);
