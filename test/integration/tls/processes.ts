import type { ConnectionOptions } from 'node:tls';
import { certificate, type CertificateName } from '../../support/certificates.ts';
import type { TidegateProcess } from '../../support/tidegate-process.ts';
import { connectTls, type TlsClient } from '../../support/tls-client.ts';

/** The files of a Tidegate that answers 404 over HTTPS, with this certificate in `site.pem` and `site.key`. */
export function httpsFiles(
  name: CertificateName,
  options: { readonly workers?: number } = {},
): Record<string, string> {
  return httpsFilesWith(certificate(name), options);
}

/** `tls`: more of its keys, in YAML. */
export function httpsFilesWith(
  { cert, key }: { readonly cert: string; readonly key: string },
  options: { readonly workers?: number; readonly tls?: string } = {},
): Record<string, string> {
  return {
    'tidegate.config.yaml': [
      'listeners:',
      '  - name: web',
      '    protocol: https',
      "    address: '127.0.0.1:0'",
      `    tls: { certificates: [{ cert: site.pem, key: site.key }]${options.tls === undefined ? '' : `, ${options.tls}`} }`,
      `workers: ${options.workers ?? 2}`,
      '',
    ].join('\n'),
    'site.pem': cert,
    'site.key': key,
  };
}

export async function connectTo(
  tidegate: TidegateProcess,
  options: ConnectionOptions = {},
): Promise<TlsClient> {
  const { port } = new URL(await tidegate.url());
  return connectTls(Number(port), { checkServerIdentity: () => undefined, ...options });
}

export async function expectAnswer(client: TlsClient): Promise<void> {
  client.send('GET / HTTP/1.1\r\nHost: one.test\r\n\r\n');
  const { status } = await client.answer();
  if (status !== 404) throw new Error(`answered ${status}`);
}
