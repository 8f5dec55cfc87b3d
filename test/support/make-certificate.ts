import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** A certificate for these names (`DNS:a.test`, `IP:127.0.0.1`), signed by `issuer` or by itself. */
export function makeCertificate(names: readonly string[], issuer?: Certificate): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-cert-'));
  const file = (name: string): string => join(folder, name);
  try {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    args.push('-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2', '-subj', '/CN=test');
    if (names.length > 0) args.push('-addext', `subjectAltName=${names.join(',')}`);
    if (issuer !== undefined) {
      writeFileSync(file('ca.pem'), issuer.cert);
      writeFileSync(file('ca.key'), issuer.key);
      args.push('-CA', file('ca.pem'), '-CAkey', file('ca.key'));
      args.push('-addext', 'basicConstraints=critical,CA:FALSE');
    }
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    return { cert: readFileSync(file('cert.pem'), 'utf8'), key: readFileSync(file('key.pem'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
