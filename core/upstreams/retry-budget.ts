import type { RetryBudgetConfig } from '../shared/retry-types.ts';

/** The share is that of the requests of so many seconds. */
const WINDOW_SECONDS = 10;

/**
 * How many requests of one upstream came to this worker and how many of them were tried again: so that
 * backends which fail are not hit many times over by the retries. It outlives reloads. Times are of
 * any steady clock in milliseconds.
 */
export class RetryBudget {
  /** Attempts beyond the first of their requests, hedges included. */
  retries = 0;
  hedges = 0;
  /** Retries that the budget had no room for. */
  refused = 0;
  /** Requests that went on to the fallback. */
  fallbacks = 0;
  readonly #requests = new Array<number>(WINDOW_SECONDS).fill(0);
  readonly #taken = new Array<number>(WINDOW_SECONDS).fill(0);
  #requestsInWindow = 0;
  #takenInWindow = 0;
  #second = 0;
  #slot = 0;

  countRequest(nowMs: number): void {
    this.#advance(nowMs);
    this.#requests[this.#slot] = (this.#requests[this.#slot] ?? 0) + 1;
    this.#requestsInWindow += 1;
  }

  /** Whether there is room for one more retry, which is counted then. `settings`: null for any number. */
  take(settings: RetryBudgetConfig | null, nowMs: number): boolean {
    this.#advance(nowMs);
    const takenNow = this.#taken[this.#slot] ?? 0;
    const hasRoom =
      settings === null ||
      takenNow < settings.minPerSecond ||
      this.#takenInWindow + 1 <= this.#requestsInWindow * settings.share;
    if (!hasRoom) {
      this.refused += 1;
      return false;
    }
    this.#taken[this.#slot] = takenNow + 1;
    this.#takenInWindow += 1;
    this.retries += 1;
    return true;
  }

  /** Forgets the seconds that are over. */
  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    const passed = Math.min(second - this.#second, WINDOW_SECONDS);
    this.#second = second;
    for (let i = 0; i < passed; i++) {
      this.#slot = (this.#slot + 1) % WINDOW_SECONDS;
      this.#requestsInWindow -= this.#requests[this.#slot] ?? 0;
      this.#takenInWindow -= this.#taken[this.#slot] ?? 0;
      this.#requests[this.#slot] = 0;
      this.#taken[this.#slot] = 0;
    }
  }
}
