import type { OrderConfig } from '../core/shared/certificates-config.ts';
import type { CertificateStore, EntryPlace, StoredEntry } from './certificate-store.ts';
import { IssuerError, type Issuer } from './issuer.ts';
import type { Logger } from '../core/shared/log.ts';
import { checkServable } from './servable.ts';

export interface OrderTerms extends Pick<OrderConfig, 'challenges' | 'mustStaple'> {
  readonly names: readonly string[];
  /** The first is asked first. */
  readonly issuers: readonly Issuer[];
}

interface OrderParts {
  readonly store: CertificateStore;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Orders one certificate from the first issuer that gives it, and stores it. An issuer that asked to be left alone
 * is, as long as there is another one.
 */
export class Orders {
  readonly #parts: OrderParts;
  /** Until when, by directory. */
  readonly #pauses = new Map<string, { readonly since: number; readonly until: number }>();

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  /** `before`: the one that it replaces. Throws IssuerError, or what the storage throws. */
  async run(
    terms: OrderTerms,
    place: EntryPlace,
    before: StoredEntry | null,
    signal: AbortSignal,
  ): Promise<StoredEntry> {
    const { log } = this.#parts;
    const open = terms.issuers.filter(({ directory }) => this.#pauseMs(directory) === 0);
    const asked = open.length > 0 ? open : terms.issuers;
    const failures: { readonly directory: string; readonly error: IssuerError }[] = [];
    for (const issuer of asked) {
      try {
        return await this.#obtain(issuer, terms, place, before, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof IssuerError)) throw error;
        const { directory } = issuer;
        failures.push({ directory, error });
        const since = this.#parts.now();
        if (error.retryAfterMs !== null)
          this.#pauses.set(directory, { since, until: since + error.retryAfterMs });
        if (failures.length < asked.length)
          log.warn(
            { names: terms.names, issuer: directory, problem: error.message },
            'an issuer failed; the next one is asked',
          );
      }
    }
    const waitMs = Math.min(...terms.issuers.map(({ directory }) => this.#pauseMs(directory)));
    throw allFailed(failures, waitMs);
  }

  async #obtain(
    issuer: Issuer,
    terms: OrderTerms,
    place: EntryPlace,
    before: StoredEntry | null,
    signal: AbortSignal,
  ): Promise<StoredEntry> {
    const { store, now } = this.#parts;
    const { names, challenges, mustStaple } = terms;
    const { directory } = issuer;
    const replaces = before?.certificate.issuer === directory ? before.certificate.cert : null;
    const request = { names, keyType: place.keyType, mustStaple, challenges, replaces };
    const issued = await issuer.obtain(request, signal);
    checkServable(issued, now());
    const notes = { issuer: directory, obtainedAt: new Date(now()), orderUrl: null, window: null };
    try {
      return await store.save(place, issued, notes);
    } catch (error) {
      // What the CA gave is no certificate for this place: the next issuer may do better.
      if (error instanceof RangeError) throw new IssuerError('bad-answer', error.message, { cause: error });
      throw error;
    }
  }

  #pauseMs(directory: string): number {
    const [pause, now] = [this.#pauses.get(directory), this.#parts.now()];
    // A clock that was set back says nothing of how long it was.
    return pause === undefined || now < pause.since ? 0 : Math.max(0, pause.until - now);
  }
}

function allFailed(
  failures: readonly { readonly directory: string; readonly error: IssuerError }[],
  retryAfterMs: number,
): IssuerError {
  const [first] = failures;
  if (first === undefined) return new IssuerError('rejected', 'there is no issuer');
  const message =
    failures.length === 1
      ? first.error.message
      : failures.map(({ directory, error }) => `${directory}: ${error.message}`).join('; ');
  return new IssuerError(first.error.kind, message, {
    retryAfterMs,
    type: first.error.type,
    isHeldBack: failures.every(({ error }) => error.isHeldBack),
  });
}
