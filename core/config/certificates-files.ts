import { resolve } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { CertificatesDraft } from './draft.ts';
import type { AcmeTermsFile } from './certificates-schema.ts';
import type { Finding } from './finding.ts';
import { readRegularFile } from './regular-file.ts';
import { readSecret, secretKey, type SecretFile } from './secret.ts';

export interface ReadTexts {
  readonly findings: Finding[];
  readonly texts: Map<string, string>;
  readonly inputs: Set<string>;
}

/** Reads the authorities and secrets that `certificates` names, into `read`. */
export async function readCertificatesFiles(
  certificates: CertificatesDraft | null,
  folder: string,
  read: ReadTexts,
): Promise<void> {
  if (certificates === null) return;
  const { acme, onDemand } = certificates;
  for (const { row, path } of acme) await readTerms(row, path, folder, read);
  if (onDemand?.acme !== undefined)
    await readTerms(onDemand.acme, ['certificates', 'onDemand', 'acme'], folder, read);
}

async function readTerms(
  terms: AcmeTermsFile,
  path: readonly PropertyKey[],
  folder: string,
  read: ReadTexts,
): Promise<void> {
  const issuers = [
    { issuer: terms, at: path },
    ...terms.fallback.map((issuer, index) => ({ issuer, at: [...path, 'fallback', index] })),
  ];
  for (const { issuer, at } of issuers) {
    const { caFile, externalAccount } = issuer;
    if (caFile !== undefined) await readAuthorities(caFile, [...at, 'caFile'], folder, read);
    if (externalAccount !== undefined)
      await readOne(externalAccount.hmacKey, [...at, 'externalAccount', 'hmacKey'], folder, read);
  }
  if (terms.dns?.type === 'update' && terms.dns.tsig !== undefined)
    await readOne(terms.dns.tsig.secret, [...path, 'dns', 'tsig', 'secret'], folder, read);
}

async function readOne(
  secret: SecretFile,
  path: readonly PropertyKey[],
  folder: string,
  { texts, inputs, findings }: ReadTexts,
): Promise<void> {
  if (typeof secret === 'string') return;
  const key = secretKey(secret, folder);
  if (secret.file !== undefined) inputs.add(key);
  const result = await readSecret(secret, folder);
  if (result.ok) texts.set(key, result.text);
  else findings.push({ path: [...path, result.key], message: result.problem });
}

export async function readAuthorities(
  named: string,
  path: readonly PropertyKey[],
  folder: string,
  { texts, inputs, findings }: ReadTexts,
): Promise<void> {
  const file = resolve(folder, named);
  inputs.add(file);
  const read = await readRegularFile(file);
  if (read.ok) texts.set(file, read.text);
  const problem = read.ok ? whyNoAuthorities(read.text) : read.found;
  if (problem !== null)
    findings.push({ path, message: `expected certificates of authorities, found ${problem}: ${file}` });
}

/** null: all of them can be read. */
function whyNoAuthorities(text: string): string | null {
  const texts = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    const certificates = texts.map((one) => new X509Certificate(one));
    return certificates.length > 0 ? null : 'no certificate in PEM';
  } catch {
    return 'a certificate that can not be read';
  }
}
