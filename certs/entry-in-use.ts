import type { Logger } from '../core/shared/log.ts';
import type { CertificatePair } from './certificate-pair.ts';
import {
  pairOf,
  type CertificateStore,
  type EntryPlace,
  type StoredCertificate,
  type StoredEntry,
} from './certificate-store.ts';
import { needsStaple } from './ocsp.ts';

export interface EntryParts {
  readonly store: CertificateStore;
  readonly log: Logger;
  readonly now: () => number;
  /** Whether an OCSP staple is at hand, or can be had. */
  readonly hasStaple: (certificate: StoredCertificate, signal: AbortSignal) => Promise<boolean>;
}

/** The certificate that serves, and the one that is held back until clients take it. */
export class EntryInUse {
  readonly #parts: EntryParts;
  readonly #place: EntryPlace;
  #entry: StoredEntry | null = null;
  #pair: CertificatePair | null = null;
  /** In the storage, and not in use yet. */
  #held: StoredEntry | null = null;

  constructor(parts: EntryParts, place: EntryPlace) {
    this.#parts = parts;
    this.#place = place;
  }

  /** What serves; null: there is none yet. */
  get entry(): StoredEntry | null {
    return this.#entry;
  }

  get pair(): CertificatePair | null {
    return this.#pair;
  }

  /** What serves, or is to as soon as it has its staple. */
  get newest(): StoredEntry | null {
    return this.#held ?? this.#entry;
  }

  get isHolding(): boolean {
    return this.#held !== null;
  }

  /**
   * Takes it, unless clients refuse it for want of a staple (RFC 7633) and there is one that they take.
   * @returns whether it is in use now
   */
  async offer(entry: StoredEntry, signal: AbortSignal): Promise<boolean> {
    const { now, hasStaple, log } = this.#parts;
    const { certificate } = entry;
    const works = this.#entry !== null && this.#entry.certificate.notAfter.getTime() > now();
    if (works && needsStaple(certificate.cert) && !(await hasStaple(certificate, signal))) {
      if (this.#held === null)
        log.warn(
          { ...this.#place },
          'the new certificate has no OCSP staple yet; that of before goes on serving',
        );
      this.#held = entry;
      return false;
    }
    this.#held = null;
    this.#entry = entry;
    this.#pair = pairOf(certificate);
    return true;
  }

  /** A storage that loses something while we run takes it neither from those who are served, nor makes an order necessary. */
  async restore(): Promise<void> {
    const { store, log } = this.#parts;
    const entry = this.newest;
    if (entry === null) return;
    await store.save(this.#place, entry.certificate, entry.notes);
    log.warn({ ...this.#place }, 'a certificate was gone from the storage, and was stored again');
  }
}
