import { shortKey } from './short-key.ts';

/** As many are known at a time. */
const MOST = 10_000;

/**
 * Keys whose answers were not to be kept a moment ago: nobody waits for them, and conditions and ranges of requests go to the
 * backend as they are.
 */
export class Uncacheable {
  readonly #forMs: number;
  readonly #until = new Map<string, number>();

  constructor(forMs: number) {
    this.#forMs = forMs;
  }

  get size(): number {
    return this.#until.size;
  }

  add(longKey: string, now: number): void {
    const key = shortKey(longKey);
    // All count for the same time: the first in the map are the oldest.
    this.#until.delete(key);
    this.#until.set(key, now + this.#forMs);
    let looked = 0;
    for (const [oldest, until] of this.#until) {
      looked += 1;
      if (looked > 2 || (until > now && this.#until.size <= MOST)) break;
      this.#until.delete(oldest);
    }
  }

  has(key: string, now: number): boolean {
    const until = this.#until.get(shortKey(key));
    return until !== undefined && until > now;
  }

  delete(key: string): void {
    this.#until.delete(shortKey(key));
  }
}
