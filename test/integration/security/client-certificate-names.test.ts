import { expect, test } from 'vitest';
import { authorityFile } from '../../support/certificates.ts';
import { refusal } from '../../support/tls-client.ts';
import { startHttps } from '../tls/setup.ts';

test('no server name gets around the certificate that clients have to show', async () => {
  const { proxy, backend } = await startHttps({
    certificates: ['one', 'two', 'wild'],
    tls: { clientCertificates: { mode: 'require', ca: authorityFile } },
  });
  for (const servername of ['one.test', 'two.test', 'a.wild.test', 'unknown.test', '']) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = { servername, maxVersion, rejectUnauthorized: false };
      expect(await refusal(proxy.port, options)).not.toContain('HTTP/1.1');
    }
  }
  expect(backend.requests).toHaveLength(0);
});
