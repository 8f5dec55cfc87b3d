import type { Counter, Limit } from './counter.ts';

const ALMOST_ONE = 1 - 1e-6;

/**
 * At most `requests` in the last `perMs`, whenever that is looked at. Counts by fixed windows, and takes the requests of the window
 * before to have come evenly: of a window that is a quarter over, three quarters of the one before it count.
 */
export class SlidingWindow implements Counter {
  readonly #limit: Limit;
  /** Which window since the clock's zero. */
  #window = 0;
  #current = 0;
  #previous = 0;

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  left(now: number): number {
    this.#moveTo(now);
    return this.#limit.requests - this.#current - this.#previous * (1 - this.#part(now));
  }

  take(now: number, count: number): void {
    this.#moveTo(now);
    this.#current += count;
  }

  waitMs(now: number): number {
    if (this.left(now) >= ALMOST_ONE) return 0;
    const { requests, perMs } = this.#limit;
    let current = this.#current;
    let previous = this.#previous;
    let passed = this.#part(now) * perMs;
    let waited = 0;
    while (current > requests - 1) {
      waited += perMs - passed;
      passed = 0;
      previous = Math.min(current, requests);
      current = Math.max(0, current - requests);
    }
    const partWanted = previous === 0 ? 0 : 1 - (requests - 1 - current) / previous;
    return waited + Math.max(0, partWanted * perMs - passed);
  }

  usedForMs(now: number): number {
    this.#moveTo(now);
    const { requests, perMs } = this.#limit;
    const untilEnd = (1 - this.#part(now)) * perMs;
    if (this.#current > 0) return untilEnd + Math.ceil(this.#current / requests) * perMs;
    return this.#previous > 0 ? untilEnd : 0;
  }

  save(): readonly number[] {
    return [this.#window, this.#current, this.#previous];
  }

  merge([window = 0, current = 0, previous = 0]: readonly number[]): void {
    if (window > this.#window) this.#moveTo(window * this.#limit.perMs);
    if (window !== this.#window) return;
    this.#current = Math.max(this.#current, current);
    this.#previous = Math.max(this.#previous, previous);
  }

  #part(now: number): number {
    return Math.min(1, Math.max(0, now / this.#limit.perMs - this.#window));
  }

  /** What was taken above the limit is a debt of the windows after. */
  #moveTo(now: number): void {
    const window = Math.floor(now / this.#limit.perMs);
    const passed = window - this.#window;
    if (passed <= 0) return;
    const { requests } = this.#limit;
    this.#previous = Math.min(requests, Math.max(0, this.#current - requests * (passed - 1)));
    this.#current = Math.max(0, this.#current - requests * passed);
    this.#window = window;
  }
}
