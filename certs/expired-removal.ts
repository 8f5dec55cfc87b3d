import type { Logger } from '../core/shared/log.ts';
import {
  entryKey,
  lockName,
  UNKNOWN_ISSUER,
  type CertificateStore,
  type EntryPlace,
} from './certificate-store.ts';
import { IMPORTED } from './imported-certificates.ts';
import type { Storage } from './storage.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** After its end a certificate stays so long for whoever wants to know of it. */
const KEPT_MS = 30 * DAY_MS;

interface ExpiredRemovalParts {
  readonly storage: Storage;
  readonly store: CertificateStore;
  readonly log: Logger;
  readonly now: () => number;
  /** What is to be kept valid. */
  readonly wanted: () => Iterable<EntryPlace>;
}

/** Takes certificates out of the storage that expired long ago and that nobody wants: on demand, clients come up with ever more names. */
export class ExpiredRemoval {
  readonly #parts: ExpiredRemovalParts;
  readonly #life = new AbortController();
  #nextAt = 0;

  constructor(parts: ExpiredRemovalParts) {
    this.#parts = parts;
  }

  /** To be called whenever one is there that a client came up with: it does its work once a day. */
  async run(): Promise<void> {
    const { store, now, log } = this.#parts;
    if (now() < this.#nextAt) return;
    this.#nextAt = now() + DAY_MS;
    try {
      const wanted = this.#wanted();
      for (const place of await store.list()) {
        if (this.#life.signal.aborted) return;
        if (!wanted.has(entryKey(place)) && (await this.#isOver(place))) await this.#remove(place);
      }
    } catch (error) {
      // A storage that fails is told of elsewhere; tomorrow is soon enough.
      log.debug({ err: error }, 'expired certificates could not be removed');
    }
  }

  stop(): void {
    this.#life.abort(new Error('it is not wanted any more'));
  }

  #wanted(): ReadonlySet<string> {
    return new Set([...this.#parts.wanted()].map(entryKey));
  }

  /** Another process may order it at this moment, or have done so. */
  async #remove(place: EntryPlace): Promise<void> {
    const { storage, store, log } = this.#parts;
    const unlock = await storage.lock(lockName(place), this.#life.signal);
    try {
      if (this.#wanted().has(entryKey(place)) || !(await this.#isOver(place))) return;
      await store.delete(place);
      log.info({ ...place }, 'a certificate that expired long ago was removed from the storage');
    } finally {
      await unlock();
    }
  }

  /** What somebody imported, or may have, is not ours to remove. */
  async #isOver(place: EntryPlace): Promise<boolean> {
    const { store, now } = this.#parts;
    const result = await store.readEntry(place);
    if (!result.ok || result.entry === null) return false;
    const { certificate, notes } = result.entry;
    const isOurs = notes.issuer !== IMPORTED && notes.issuer !== UNKNOWN_ISSUER;
    return isOurs && certificate.notAfter.getTime() + KEPT_MS <= now();
  }
}
