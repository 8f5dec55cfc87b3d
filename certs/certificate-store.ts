import { z } from 'zod';
import type { KeyType } from '../core/shared/certificates-config.ts';
import { makePair, type CertificatePair } from './certificate-pair.ts';
import type { KnownWindow } from './renewal.ts';
import { readJson } from './read-json.ts';
import { setAside } from './set-aside.ts';
import type { Storage } from './storage.ts';
import { parseFile, toFile, type ParsedPem } from './stored-pem.ts';

/** A certificate, its chain and its key as they are kept. */
export interface StoredCertificate {
  readonly names: readonly string[];
  readonly keyType: KeyType;
  /** PEM: the leaf, then its chain. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** URL of the CA's directory, `imported`, `self-signed`, or `unknown` where the note about it is lost. */
  readonly issuer: string;
  /** The beginning of its validity where the note about it is lost. */
  readonly obtainedAt: Date;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Hexadecimal. */
  readonly serial: string;
}

/** What is known besides. To lose it costs nothing but a question to the CA. */
export interface CertificateNotes {
  readonly issuer: string;
  readonly obtainedAt: Date;
  readonly orderUrl: string | null;
  /** null: the CA was not asked yet, or has none. */
  readonly window: KnownWindow | null;
}

export interface StoredEntry {
  readonly certificate: StoredCertificate;
  readonly notes: CertificateNotes;
}

/** Where the notes of a certificate are lost. */
export const UNKNOWN_ISSUER = 'unknown';

/** Where an entry is: `certificates/NAME/KEYTYPE.pem`. `name`: the first of the certificate's names. */
export interface EntryPlace {
  readonly name: string;
  readonly keyType: KeyType;
}

/** `entry` null: there is none. `movedTo`: the key under which what cannot be used was set aside. */
export type EntryResult =
  | { readonly ok: true; readonly entry: StoredEntry | null }
  | { readonly ok: false; readonly problem: string; readonly movedTo: string };

/** `found`: what cannot be used. */
export type ReadResult =
  | { readonly ok: true; readonly entry: StoredEntry | null }
  | { readonly ok: false; readonly problem: string; readonly found: Buffer };

const KEY_TYPES: Readonly<Record<KeyType, true>> = {
  'ecdsa-p256': true,
  'ecdsa-p384': true,
  'rsa-2048': true,
  'rsa-4096': true,
};

/** The certificates in a storage. All methods throw what the storage throws. */
export class CertificateStore {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Of every entry, whether it can be used or not. */
  async list(): Promise<readonly EntryPlace[]> {
    return (await this.#storage.list('certificates')).flatMap((key) => {
      const [, name, file, ...deeper] = key.split('/');
      if (name === undefined || file === undefined || deeper.length > 0 || !file.endsWith('.pem')) return [];
      const keyType = file.slice(0, -'.pem'.length);
      return isKeyType(keyType) ? [{ name, keyType }] : [];
    });
  }

  /** What cannot be used is set aside, so that the next call finds nothing. No problem quotes what was in it. */
  async loadEntry(place: EntryPlace): Promise<EntryResult> {
    const result = await this.readEntry(place);
    if (result.ok) return result;
    const { problem, found } = result;
    return { ok: false, problem, movedTo: await setAside(this.#storage, entryKey(place), found) };
  }

  /** Changes nothing, whatever it finds. */
  async readEntry(place: EntryPlace): Promise<ReadResult> {
    const found = await this.#storage.load(entryKey(place));
    if (found === null) return { ok: true, entry: null };
    const result = parseFile(found.toString('latin1'));
    const problem = result.ok ? misplaced(result.pem, place) : result.problem;
    if (!result.ok || problem !== null) return { ok: false, problem: problem ?? 'it cannot be read', found };
    const notes = await this.#loadNotes(place, result.pem);
    return { ok: true, entry: entryOf(result.pem, notes) };
  }

  /**
   * Puts a certificate in the place of the one before; the two differ in nothing that a reader could see half of. One
   * that could not be loaded again, or is not for that place, is refused by a RangeError and nothing is changed.
   */
  async save(
    place: EntryPlace,
    pair: { readonly cert: string; readonly key: string },
    notes: CertificateNotes,
  ): Promise<StoredEntry> {
    const file = toFile(pair.cert, pair.key);
    const result = parseFile(file);
    const problem = result.ok ? misplaced(result.pem, place) : result.problem;
    if (!result.ok || problem !== null) throw new RangeError(`the certificate for ${place.name}: ${problem}`);
    await this.#storage.store(entryKey(place), file);
    const entry = entryOf(result.pem, notes);
    await this.saveNotes(place, entry.certificate, notes);
    return entry;
  }

  /** `certificate`: the one that the notes are about; they mean nothing beside another one. */
  async saveNotes(place: EntryPlace, certificate: StoredCertificate, notes: CertificateNotes): Promise<void> {
    const { names, serial } = certificate;
    const value = { serial, names, ...notes } satisfies z.input<typeof notesSchema>;
    await this.#storage.store(notesKey(place), `${JSON.stringify(value, null, 2)}\n`);
  }

  async delete(place: EntryPlace): Promise<void> {
    await this.#storage.delete(entryKey(place));
    await this.#storage.delete(notesKey(place));
  }

  async #loadNotes(place: EntryPlace, { leaf }: ParsedPem): Promise<CertificateNotes> {
    const file = await this.#storage.load(notesKey(place));
    const value = readJson(notesSchema, file);
    // Written after the certificate: a crash between the two leaves the notes of the one before.
    if (value?.serial !== leaf.serialNumber)
      return { issuer: UNKNOWN_ISSUER, obtainedAt: leaf.validFromDate, orderUrl: null, window: null };
    const { issuer, obtainedAt, orderUrl, window } = value;
    return { issuer, obtainedAt, orderUrl, window };
  }
}

const dateSchema = z
  .union([z.date(), z.iso.datetime()])
  .transform((value) => (value instanceof Date ? value : new Date(value)));

const notesSchema = z.object({
  serial: z.string(),
  names: z.array(z.string()).readonly(),
  issuer: z.string(),
  obtainedAt: dateSchema,
  orderUrl: z.string().nullable(),
  window: z
    .object({
      start: dateSchema,
      end: dateSchema,
      explanationUrl: z.string().nullable(),
      renewAt: dateSchema,
      lookAt: dateSchema,
    })
    .nullable(),
});

function entryOf({ cert, key, leaf, keyType, names }: ParsedPem, notes: CertificateNotes): StoredEntry {
  const { validFromDate: notBefore, validToDate: notAfter, serialNumber: serial } = leaf;
  const { issuer, obtainedAt } = notes;
  return {
    certificate: { names, keyType, cert, key, issuer, obtainedAt, notBefore, notAfter, serial },
    notes,
  };
}

/** Why it must not be where it is; null: it may. */
function misplaced({ names, keyType }: ParsedPem, place: EntryPlace): string | null {
  if (!names.includes(place.name)) return `it is for other names: ${names.slice(0, 10).join(', ')}`;
  return keyType === place.keyType ? null : `its private key is ${keyType}, not ${place.keyType}`;
}

/** As handshakes need it. */
export function pairOf({ cert, key, keyType, names, notAfter }: StoredCertificate): CertificatePair {
  return makePair({ cert, key, keyType: keyType.startsWith('rsa') ? 'rsa' : 'ec', names, notAfter });
}

/** What the lock of an entry goes by, for orders and what else takes the place of a certificate. */
export function lockName({ name, keyType }: EntryPlace): string {
  return `certificates/${name}.${keyType}`;
}

/** Where its key and its certificate are. */
export function entryKey({ name, keyType }: EntryPlace): string {
  return `certificates/${name}/${keyType}.pem`;
}

function notesKey({ name, keyType }: EntryPlace): string {
  return `certificates/${name}/${keyType}.json`;
}

function isKeyType(text: string): text is KeyType {
  return Object.hasOwn(KEY_TYPES, text);
}
