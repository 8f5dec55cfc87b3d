import type { Logger } from '../core/shared/log.ts';
import type { CertificateStore, EntryPlace, StoredEntry } from './certificate-store.ts';
import type { Issuer } from './issuer.ts';
import { noteWindow, windowRetryMs, type KnownWindow } from './renewal.ts';

export interface RenewalWindowParts {
  readonly store: CertificateStore;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

const DAY_MS = 24 * 60 * 60_000;

/** As long a wait as after that many failures: a CA without ARI may have it one day. */
const NO_ANSWER = 30;

/** When the CA wants one certificate to be renewed (RFC 9773), asked for in good time and kept beside the certificate. */
export class RenewalWindow {
  readonly #parts: RenewalWindowParts;
  readonly #place: EntryPlace;
  #known: KnownWindow | null = null;
  #askAt = 0;
  #failures = 0;

  constructor(parts: RenewalWindowParts, place: EntryPlace) {
    this.#parts = parts;
    this.#place = place;
  }

  /** null: the CA was not asked yet, or does not say. */
  get known(): KnownWindow | null {
    return this.#known;
  }

  /** When the CA is asked again. */
  get askAt(): number {
    return this.#askAt;
  }

  /** Goes on with what is known of the certificate that is in place from now on. */
  take({ notes }: StoredEntry): void {
    this.#known = notes.window;
    this.#askAt = this.#known?.lookAt.getTime() ?? 0;
  }

  /** Renewal is due from now on, after a restart as well. Throws what the storage throws. */
  async close({ certificate, notes }: StoredEntry): Promise<void> {
    const at = new Date(this.#parts.now());
    const past = { start: certificate.notBefore, end: at, explanationUrl: null, renewAt: at, lookAt: at };
    this.#known = past;
    await this.#parts.store.saveNotes(this.#place, certificate, { ...notes, window: past });
  }

  /** Asks who issued it, when it is time to. What goes wrong puts it off. Throws the signal's reason. */
  async ask(entry: StoredEntry, issuers: readonly Issuer[], signal: AbortSignal): Promise<void> {
    const { now, random, log } = this.#parts;
    // Never more than a day away, unless the clock was set.
    if (now() < this.#askAt && this.#askAt - now() < 2 * DAY_MS) return;
    const issuer = issuers.find(({ directory }) => directory === entry.certificate.issuer);
    if (issuer === undefined) {
      this.#askAt = now() + DAY_MS;
      return;
    }
    try {
      await this.#askIssuer(issuer, entry, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#failures += 1;
      this.#askAt = now() + windowRetryMs(this.#failures, random());
      log.debug({ ...this.#place, err: error }, 'the CA did not say when to renew');
    }
  }

  async #askIssuer(issuer: Issuer, { certificate, notes }: StoredEntry, signal: AbortSignal): Promise<void> {
    const { now, random, store, log } = this.#parts;
    const answer = await issuer.renewalInfo(certificate.cert, signal);
    this.#failures = 0;
    if (answer === null) {
      this.#askAt = now() + windowRetryMs(NO_ANSWER, random());
      return;
    }
    const window = noteWindow(answer, this.#known, now(), random());
    const isNew = window.renewAt.getTime() !== this.#known?.renewAt.getTime();
    this.#known = window;
    this.#askAt = window.lookAt.getTime();
    if (isNew && window.explanationUrl !== null)
      log.info({ ...this.#place, explanation: window.explanationUrl }, 'the CA says when to renew');
    await store.saveNotes(this.#place, certificate, { ...notes, window });
  }
}
