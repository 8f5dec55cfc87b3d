import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

/** A certificate with its chain and its private key, found to belong together. */
export interface CertificatePair {
  /** Changes with the contents. */
  readonly id: string;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** `ec`, `rsa` …: OpenSSL takes one certificate of each. */
  readonly keyType: string;
  /** The DNS names in the certificate, in lower case. */
  readonly names: readonly string[];
  readonly notAfter: Date;
}

export type PairResult =
  | { readonly ok: true; readonly pair: CertificatePair }
  /** `of`: which of the two files is to blame. */
  | { readonly ok: false; readonly of: 'cert' | 'key'; readonly problem: string };

/** Reads and checks a certificate and its key. `known`: what these files held before, so that nothing is parsed twice. */
export async function readCertificatePair(
  files: { readonly cert: string; readonly key: string },
  known?: CertificatePair,
): Promise<PairResult> {
  const cert = await readText(files.cert);
  if (!cert.ok) return { ok: false, of: 'cert', problem: `expected a certificate, found ${cert.found}` };
  const key = await readText(files.key);
  if (!key.ok) return { ok: false, of: 'key', problem: `expected a private key, found ${key.found}` };
  if (known !== undefined && known.cert === cert.text && known.key === key.text)
    return { ok: true, pair: known };
  return parsePair(files, cert.text, key.text);
}

function parsePair(
  files: { readonly cert: string; readonly key: string },
  cert: string,
  key: string,
): PairResult {
  const leaf = parseCertificate(cert);
  if (leaf === null)
    return { ok: false, of: 'cert', problem: `expected a certificate in PEM: ${files.cert}` };
  const privateKey = parseKey(key);
  if (privateKey === null)
    return {
      ok: false,
      of: 'key',
      problem: `expected a private key in PEM, without passphrase: ${files.key}`,
    };
  if (!leaf.checkPrivateKey(privateKey))
    return {
      ok: false,
      of: 'key',
      problem: `expected the private key of ${files.cert}, found another one: ${files.key}`,
    };
  return {
    ok: true,
    pair: makePair({
      cert,
      key,
      keyType: privateKey.asymmetricKeyType ?? 'unknown',
      names: dnsNames(leaf),
      notAfter: leaf.validToDate,
    }),
  };
}

export function makePair(pair: Omit<CertificatePair, 'id'>): CertificatePair {
  return { id: createHash('sha256').update(`${pair.cert}\0${pair.key}`).digest('base64url'), ...pair };
}

function parseCertificate(pem: string): X509Certificate | null {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) return null;
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function parseKey(pem: string): KeyObject | null {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return null;
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

/** Names that Node had to quote hold what no host name does, and are left out. */
export function dnsNames(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => (/^DNS:[\w.*-]+$/.test(entry) ? [entry.slice('DNS:'.length).toLowerCase()] : []));
}

async function readText(
  file: string,
): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly found: string }> {
  try {
    // A pipe without a writer would be waited for without end.
    if (!(await stat(file)).isFile()) return { ok: false, found: `what is no regular file: ${file}` };
    return { ok: true, text: await readFile(file, 'latin1') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const what =
      code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'one that may not be read' : String(error);
    return { ok: false, found: `${what}: ${file}` };
  }
}
