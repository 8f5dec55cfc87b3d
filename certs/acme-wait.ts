import { setTimeout as pause } from 'node:timers/promises';
import { IssuerError } from './issuer.ts';

const PATIENCE_MS = 10 * 60_000;
const SHORTEST_MS = 100;
const LONGEST_MS = 60_000;

/** Looks again until something has been decided (RFC 8555 7.5.1): as the CA says, else at growing distances. */
export class AcmeWait {
  readonly #signal: AbortSignal;
  /** On a clock that nobody sets. */
  readonly #end: number;
  #nextMs = 200;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#end = performance.now() + PATIENCE_MS;
  }

  /** @throws IssuerError */
  async pause(retryAfterMs: number | null): Promise<void> {
    const ms = Math.min(Math.max(retryAfterMs ?? this.#nextMs, SHORTEST_MS), LONGEST_MS);
    this.#nextMs = Math.min(this.#nextMs * 1.5, 5000);
    if (performance.now() + ms > this.#end)
      throw new IssuerError('unreachable', `the CA did not decide within ${PATIENCE_MS / 60_000} minutes`, {
        retryAfterMs,
      });
    try {
      await pause(ms, undefined, { signal: this.#signal });
    } catch (cause) {
      throw new IssuerError('aborted', 'given up', { cause });
    }
  }
}
