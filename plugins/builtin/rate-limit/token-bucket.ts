import type { Counter, Limit } from './counter.ts';

/** A sum of fractions that should be 1. */
const ALMOST_ONE = 1 - 1e-6;

/** Holds up to `burst` tokens and gets `requests` new ones in `perMs`, evenly. All it keeps is when it is full again. */
export class TokenBucket implements Counter {
  readonly #limit: Limit;
  #fullAt = 0;

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  left(now: number): number {
    const { burst, requests, perMs } = this.#limit;
    return burst - (this.usedForMs(now) * requests) / perMs;
  }

  take(now: number, count: number): void {
    const { requests, perMs } = this.#limit;
    this.#fullAt = Math.max(this.#fullAt, now) + (count * perMs) / requests;
  }

  waitMs(now: number): number {
    const left = this.left(now);
    return left >= ALMOST_ONE ? 0 : ((1 - left) * this.#limit.perMs) / this.#limit.requests;
  }

  usedForMs(now: number): number {
    return Math.max(0, this.#fullAt - now);
  }

  save(): readonly number[] {
    return [this.#fullAt];
  }

  merge([fullAt = 0]: readonly number[]): void {
    this.#fullAt = Math.max(this.#fullAt, fullAt);
  }
}
