import { createHash } from 'node:crypto';
import type { Logger } from '../core/shared/log.ts';
import type { EntryPlace } from './certificate-store.ts';
import type { FailureNotes } from './failure-notes.ts';
import { IssuerError } from './issuer.ts';
import type { OrderTerms } from './order.ts';
import { restartMs, retryMs } from './renewal.ts';
import { StorageError } from './storage.ts';

/** A storage that fails is told of before any CA is asked, and when it is well again nobody wants to wait for hours. */
const STORAGE_RETRY_MS = 10 * 60_000;

export interface BackOffParts {
  readonly failureNotes: FailureNotes;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

export interface FailedOrder {
  readonly at: number;
  readonly message: string;
}

/** How long no order is made for one certificate after others; kept, so that a process that crashes again and again does not order each time. */
export class BackOff {
  readonly #parts: BackOffParts;
  readonly #place: EntryPlace;
  #failures = 0;
  #lastError: FailedOrder | null = null;
  #since = 0;
  #until = 0;
  #isLoaded = false;
  #isKept = false;

  constructor(parts: BackOffParts, place: EntryPlace) {
    this.#parts = parts;
    this.#place = place;
  }

  /** In a row. */
  get failures(): number {
    return this.#failures;
  }

  get lastError(): FailedOrder | null {
    return this.#lastError;
  }

  /** No order before then. A clock that was set back since says nothing of how long it was. */
  get until(): number {
    return this.#parts.now() < this.#since ? 0 : this.#until;
  }

  /** Takes what an earlier process has left, once. */
  async load(terms: OrderTerms): Promise<void> {
    if (this.#isLoaded) return;
    const note = await this.#parts.failureNotes.load(this.#place);
    this.#isLoaded = true;
    this.#isKept = note !== null;
    if (note?.terms !== fingerprint(terms)) return;
    this.#failures = note.failures;
    this.#since = Date.parse(note.at);
    this.#until = Date.parse(note.retryAt);
    this.#lastError = { at: this.#since, message: note.message };
  }

  /** At once, whatever was before. */
  skip(): void {
    this.#until = 0;
  }

  /** Something else is tried from now on. */
  reset(): void {
    this.#failures = 0;
    this.#until = 0;
  }

  /** @param tried null: what is to be tried next has not been tried yet @param leftMs as in `retryMs` */
  async failed(error: unknown, tried: OrderTerms | null, leftMs: number | null): Promise<void> {
    const { now, random, failureNotes, log } = this.#parts;
    const message = error instanceof Error ? error.message : String(error);
    const at = now();
    const asked = error instanceof IssuerError ? error.retryAfterMs : null;
    // What was not tried has not failed.
    if (!(error instanceof IssuerError && error.isHeldBack)) this.#failures += 1;
    this.#lastError = { at, message };
    this.#since = at;
    this.#until = at;
    if (tried === null) return;
    const failures = Math.max(1, this.#failures);
    const most = error instanceof StorageError ? STORAGE_RETRY_MS : Infinity;
    const ms = Math.min(retryMs(failures, asked, leftMs, random()), most);
    this.#until = at + ms;
    const note = {
      terms: fingerprint(tried),
      failures,
      message,
      at: new Date(at).toISOString(),
      retryAt: new Date(at + restartMs(ms, asked)).toISOString(),
    };
    try {
      await failureNotes.save(this.#place, note);
      this.#isKept = true;
    } catch (problem) {
      // It may be the storage that is to blame for the failure as well.
      log.debug({ ...this.#place, err: problem }, 'a failed order could not be noted');
    }
  }

  /** `pauseMs`: until the next one at the earliest. */
  async succeeded(pauseMs: number): Promise<void> {
    const { now, failureNotes, log } = this.#parts;
    this.#failures = 0;
    this.#lastError = null;
    this.#since = now();
    this.#until = this.#since + pauseMs;
    if (!this.#isKept) return;
    try {
      await failureNotes.delete(this.#place);
      this.#isKept = false;
    } catch (problem) {
      // The certificate is there: its order has not failed for that.
      log.debug({ ...this.#place, err: problem }, 'the note of a failed order could not be removed');
    }
  }
}

function fingerprint({ names, challenges, mustStaple, issuers }: OrderTerms): string {
  const terms = [names, challenges, mustStaple, issuers.map(({ directory }) => directory)];
  return createHash('sha256').update(JSON.stringify(terms)).digest('base64url');
}
