import { createPrivateKey, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import type * as x509Library from '@peculiar/x509';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import type { KeyType } from '../core/shared/certificates-config.ts';
import { setAside } from './set-aside.ts';
import type { Storage } from './storage.ts';
import { parseFile, toFile } from './stored-pem.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const ROOT_MS = 3650 * DAY_MS;
const LEAF_MS = 30 * DAY_MS;
const PLACEHOLDER_MS = 7 * DAY_MS;

/** Clocks of clients may be slow. */
const BACKDATED_MS = DAY_MS;

/** In the storage. */
export const ROOT_KEY = 'local/root.pem';

/** PEM. */
export interface MadePair {
  readonly cert: string;
  readonly key: string;
}

/** An authority of our own, for development: who has its certificate installed trusts what it issues. */
export interface LocalRoot {
  /** PEM, to be installed. */
  readonly cert: string;
  /** A certificate for these names, good for a month. `names`: host names, wildcards and IP addresses; at least one. */
  issue(names: readonly string[], keyType: KeyType, now: number): Promise<MadePair>;
}

/** `created`: it is new, so nobody trusts it yet. `problem`: why the one before could not be used, and was set aside. */
export interface OpenedRoot {
  readonly root: LocalRoot;
  readonly created: boolean;
  readonly problem: string | null;
}

/** The local root that is kept in the storage, made when there is none; processes that share a storage share it. */
export async function openLocalRoot(storage: Storage, now: number, signal: AbortSignal): Promise<OpenedRoot> {
  const known = await loadRoot(storage, now);
  if (known.root !== null) return { root: known.root, created: false, problem: null };
  const release = await storage.lock('local/root', signal);
  try {
    // Another process may have made one while we waited.
    const { root, found, problem } = await loadRoot(storage, now);
    if (root !== null) return { root, created: false, problem: null };
    if (found !== null) await setAside(storage, ROOT_KEY, found);
    const made = await makeRoot(now);
    await storage.store(ROOT_KEY, toFile(made.cert, made.key));
    return { root: rootOf(made), created: true, problem };
  } finally {
    await release();
  }
}

/** The certificate of the local root, in PEM and without its key, for those who do not issue; null: there is none. */
export async function readLocalRoot(storage: Storage): Promise<string | null> {
  const found = await storage.load(ROOT_KEY);
  const result = found === null ? null : parseFile(found.toString('latin1'));
  return result?.ok === true ? result.pem.cert : null;
}

/**
 * A certificate that nobody trusts, for names that have no other yet. Made anew each time and never kept.
 * `names`: as in LocalRoot.
 */
export async function makePlaceholder(
  names: readonly string[],
  keyType: KeyType,
  now: number,
): Promise<MadePair> {
  const keys = await makeKeys(keyType);
  const cert = await certify(
    { names, publicKey: keys.publicKey, now, lifeMs: PLACEHOLDER_MS },
    { name: 'Tidegate placeholder', key: keys.privateKey },
  );
  return { cert, key: pemOf(keys.privateKey) };
}

async function loadRoot(
  storage: Storage,
  now: number,
): Promise<{ root: LocalRoot | null; found: Buffer | null; problem: string | null }> {
  const found = await storage.load(ROOT_KEY);
  if (found === null) return { root: null, found, problem: null };
  const result = parseFile(found.toString('latin1'));
  if (!result.ok) return { root: null, found, problem: result.problem };
  const { leaf } = result.pem;
  if (!leaf.ca) return { root: null, found, problem: 'it is no certificate of an authority' };
  // What it issues must not outlive it.
  if (leaf.validToDate.getTime() < now + LEAF_MS)
    return { root: null, found, problem: `it ends on ${leaf.validToDate.toISOString()}` };
  return { root: rootOf(result.pem), found, problem: null };
}

function rootOf({ cert, key }: MadePair): LocalRoot {
  return {
    cert,
    async issue(names, keyType, now) {
      const keys = await makeKeys(keyType);
      const issued = await certify(
        { names, publicKey: keys.publicKey, now, lifeMs: LEAF_MS },
        { cert, key: createPrivateKey(key) },
      );
      return { cert: issued, key: pemOf(keys.privateKey) };
    },
  };
}

async function makeRoot(now: number): Promise<MadePair> {
  const x509 = await library();
  const { privateKey, publicKey } = await makeKeys('ecdsa-p256');
  const name = [{ CN: [`Tidegate local root of ${hostname().slice(0, 40)}`] }];
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: name,
    issuer: name,
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + ROOT_MS),
    publicKey: webKey(publicKey),
    signingKey: webKey(privateKey),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(webKey(publicKey)),
    ],
  });
  return { cert: `${made.toString('pem')}\n`, key: pemOf(privateKey) };
}

interface Subject {
  readonly names: readonly string[];
  readonly publicKey: KeyObject;
  readonly now: number;
  readonly lifeMs: number;
}

/** Who signs: a root, or a mere name. */
type Signer = { readonly key: KeyObject } & ({ readonly cert: string } | { readonly name: string });

async function certify({ names, publicKey, now, lifeMs }: Subject, signer: Signer): Promise<string> {
  const x509 = await library();
  const root = 'cert' in signer ? new x509.X509Certificate(signer.cert) : null;
  const [first = ''] = names;
  // RFC 5280: a common name has at most 64 characters; without a subject the names must be critical (4.2.1.6).
  const isNamed = first.length <= 64;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: isNamed ? [{ CN: [first] }] : [],
    issuer: 'name' in signer ? [{ CN: [signer.name] }] : (root?.subjectName.toJSON() ?? []),
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + lifeMs),
    publicKey: webKey(publicKey),
    signingKey: webKey(signer.key),
    signingAlgorithm: { name: algorithmOf(signer.key).name, hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
        !isNamed,
      ),
      await x509.SubjectKeyIdentifierExtension.create(webKey(publicKey)),
      await x509.AuthorityKeyIdentifierExtension.create(root?.publicKey ?? webKey(publicKey)),
    ],
  });
  return `${made.toString('pem')}\n`;
}

/** Takes a fifth of a second to load, and most installations never need it. */
function library(): Promise<typeof x509Library> {
  return import('@peculiar/x509');
}

const makePair = promisify(generateKeyPair);

async function makeKeys(keyType: KeyType): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  switch (keyType) {
    case 'ecdsa-p256':
      return makePair('ec', { namedCurve: 'P-256' });
    case 'ecdsa-p384':
      return makePair('ec', { namedCurve: 'P-384' });
    case 'rsa-2048':
      return makePair('rsa', { modulusLength: 2048 });
    case 'rsa-4096':
      return makePair('rsa', { modulusLength: 4096 });
  }
}

function algorithmOf(key: KeyObject): { name: string; namedCurve: string } | { name: string; hash: string } {
  if (key.asymmetricKeyType !== 'ec') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const isP384 = key.asymmetricKeyDetails?.namedCurve === 'secp384r1';
  return { name: 'ECDSA', namedCurve: isP384 ? 'P-384' : 'P-256' };
}

function webKey(key: KeyObject): CryptoKey {
  return key.toCryptoKey(algorithmOf(key), true, [key.type === 'private' ? 'sign' : 'verify']);
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}

/** RFC 5280 4.1.2.2: positive, and no longer than 20 bytes. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8() & 0x7f) | 0x40);
  return bytes.toString('hex');
}
