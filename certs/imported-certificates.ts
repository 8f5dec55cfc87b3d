import type { Logger } from '../core/shared/log.ts';
import type { CertificatePair } from './certificate-pair.ts';
import {
  entryKey,
  pairOf,
  type CertificateStore,
  type EntryPlace,
  type StoredEntry,
} from './certificate-store.ts';
import { ExpiryWarnings } from './expiry-warnings.ts';
import { standing } from './renewal.ts';

export interface ImportedParts {
  readonly store: CertificateStore;
  readonly log: Logger;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Others are there, or there are fewer. */
  readonly onChange: () => void;
}

/** What `tidegate certs import` wrote as the issuer. */
export const IMPORTED = 'imported';

/** Another process may import something. */
const LOOK_EVERY_MS = 10 * 60_000;

export interface ImportedCertificate {
  readonly place: EntryPlace;
  readonly entry: StoredEntry;
  readonly pair: CertificatePair;
}

/** Certificates that somebody put into the storage: they serve, and nobody renews them. */
export class ImportedCertificates {
  readonly #parts: ImportedParts;
  readonly #life = new AbortController();
  readonly #warnings: ExpiryWarnings;
  #all: readonly ImportedCertificate[] = [];

  constructor(parts: ImportedParts) {
    this.#parts = parts;
    this.#warnings = new ExpiryWarnings(parts.log, 'an imported certificate');
    void this.#keepLooking();
  }

  get all(): readonly ImportedCertificate[] {
    return this.#all;
  }

  /** Takes what the storage has. Throws what the storage throws. */
  async look(): Promise<void> {
    const { store, now, onChange } = this.#parts;
    const before = new Map(this.#all.map((each) => [each.pair.id, each]));
    const found: ImportedCertificate[] = [];
    for (const place of await store.list()) {
      const result = await store.readEntry(place);
      if (!result.ok || result.entry?.certificate.issuer !== IMPORTED) continue;
      const pair = pairOf(result.entry.certificate);
      found.push(before.get(pair.id) ?? { place, entry: result.entry, pair });
    }
    const there = new Set(found.map(({ place }) => entryKey(place)));
    for (const each of this.#all)
      if (!there.has(entryKey(each.place)) && (await this.#restore(each))) found.push(each);
    const isSame = found.length === before.size && found.every(({ pair }) => before.has(pair.id));
    this.#all = found;
    for (const { entry } of found)
      this.#warnings.warn(entry.certificate, standing(entry.certificate, 0, now()));
    if (!isSame) onChange();
  }

  stop(): void {
    this.#life.abort();
  }

  /** What the storage loses or spoils goes on being served. @returns false: it was taken over by another one, or has ended */
  async #restore({ place, entry }: ImportedCertificate): Promise<boolean> {
    const { store, log, now } = this.#parts;
    if (entry.certificate.notAfter.getTime() <= now()) return false;
    const result = await store.loadEntry(place);
    if (result.ok && result.entry !== null) return false;
    await store.save(place, entry.certificate, entry.notes);
    log.warn({ ...place }, 'an imported certificate was gone from the storage, and was stored again');
    return true;
  }

  async #keepLooking(): Promise<void> {
    const { sleep, log } = this.#parts;
    const { signal } = this.#life;
    for (;;) {
      await sleep(LOOK_EVERY_MS, signal);
      if (signal.aborted) return;
      await this.look().catch((error: unknown) =>
        log.error({ err: error }, 'imported certificates could not be looked for'),
      );
    }
  }
}
