import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { KeyType } from '../core/shared/certificates-config.ts';
import { dnsNames } from './certificate-pair.ts';

/** A private key with its certificate and chain, found to belong together. */
export interface ParsedPem {
  /** PEM: the leaf, then its chain. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly leaf: X509Certificate;
  readonly keyType: KeyType;
  /** The DNS names in it, in lower case. */
  readonly names: readonly string[];
}

export type ParseResult =
  { readonly ok: true; readonly pem: ParsedPem } | { readonly ok: false; readonly problem: string };

const BLOCK = /-----BEGIN ([A-Z ]+)-----[^-]*-----END \1-----\r?\n?/g;

/** How many certificates the file was written with: one that was cut between two of them is whole to all looks. */
const COUNT = /^certificates: (\d{1,3})$/m;

/** One file of a key, a certificate and its chain. */
export function toFile(cert: string, key: string): string {
  const count = pemBlocks(cert).length;
  return `certificates: ${count}\n${key.trimEnd()}\n${cert.trimEnd()}\n`;
}

/** Reads such a file, or any other that holds exactly one key and its certificate. No problem quotes what is in it. */
export function parseFile(text: string): ParseResult {
  const blocks = pemBlocks(text);
  // A block without its end is the mark of a file that was cut off.
  if (blocks.length !== text.split('-----BEGIN ').length - 1) return failure('a PEM block is incomplete');
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE');
  const [key, ...more] = keys;
  if (key === undefined || more.length > 0) return failure(`expected one private key, found ${keys.length}`);
  const expected = COUNT.exec(text)?.[1];
  if (expected !== undefined && Number(expected) !== certificates.length)
    return failure(`expected ${expected} certificates, found ${certificates.length}`);
  return parsePair(certificates.map(({ pem }) => pem).join(''), key.pem);
}

function parsePair(cert: string, key: string): ParseResult {
  const chain: X509Certificate[] = [];
  for (const { label, pem } of pemBlocks(cert)) {
    const parsed = label === 'CERTIFICATE' ? parseCertificate(pem) : null;
    if (parsed === null) return failure('a certificate in it cannot be read');
    chain.push(parsed);
  }
  const [leaf] = chain;
  if (leaf === undefined) return failure('expected a certificate, found none');
  const privateKey = parseKey(key);
  if (privateKey === null) return failure('its private key cannot be read');
  if (!leaf.checkPrivateKey(privateKey)) return failure('its private key is not that of its certificate');
  const keyType = keyTypeOf(privateKey);
  if (keyType === null) return failure('its private key is of a type that is not supported');
  return { ok: true, pem: { cert, key, leaf, keyType, names: dnsNames(leaf) } };
}

/** The nearest of those that can be ordered: certificates from elsewhere may have RSA keys of other sizes. */
function keyTypeOf(key: KeyObject): KeyType | null {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (namedCurve === 'prime256v1') return 'ecdsa-p256';
  if (namedCurve === 'secp384r1') return 'ecdsa-p384';
  if (key.asymmetricKeyType !== 'rsa' || modulusLength < 2048) return null;
  return modulusLength < 4096 ? 'rsa-2048' : 'rsa-4096';
}

function parseCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

/** Every whole block, in order. */
export function pemBlocks(text: string): { readonly label: string; readonly pem: string }[] {
  return [...text.matchAll(BLOCK)].map(([pem, label = '']) => ({ label, pem }));
}

function failure(problem: string): ParseResult {
  return { ok: false, problem };
}
