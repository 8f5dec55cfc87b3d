import { afterWrites } from '../core/shared/turn.ts';
import type { Pace } from './request-turns.ts';

/** Requests that wait at a time: as many as go into one call. */
const MOST_WAITING = 64;

/**
 * When a script that is only tried may run: at the end of a turn of the event loop, when the requests of that turn are decided and
 * their answers written; one call a turn, and for so long of each second in all.
 */
export class ShadowPace implements Pace {
  readonly maxRunMs = 1;
  readonly #budgetMs: number;
  /** What is left of it; less than nothing after a call that took longer. */
  #leftMs: number;
  #atMs = performance.now();
  #waiting = 0;

  /** `budgetMs`: of each second. */
  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
    this.#leftMs = budgetMs;
  }

  /** @returns false: this request is to be passed over */
  enter(): boolean {
    this.#earn();
    if (this.#leftMs <= 0 || this.#waiting >= MOST_WAITING) return false;
    this.#waiting += 1;
    return true;
  }

  leave(): void {
    this.#waiting -= 1;
  }

  /** Those that wait since before the time was over wait until there is some again. */
  schedule(run: () => void): void {
    this.#earn();
    if (this.#leftMs > 0) afterWrites(() => this.#run(run));
    else setTimeout(() => this.schedule(run), Math.ceil((-this.#leftMs / this.#budgetMs) * 1000) + 1);
  }

  #run(run: () => void): void {
    const begunMs = performance.now();
    run();
    this.#leftMs -= performance.now() - begunMs;
  }

  #earn(): void {
    const nowMs = performance.now();
    const earnedMs = ((nowMs - this.#atMs) / 1000) * this.#budgetMs;
    this.#leftMs = Math.min(this.#budgetMs, this.#leftMs + earnedMs);
    this.#atMs = nowMs;
  }
}
