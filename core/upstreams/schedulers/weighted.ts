import type { Backend, BackendRuntime } from '../backend.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * In turn, each backend as many times in a run as its weight says: 5, 1, 1 gives a a a a a b c. For
 * backends that profit from requests that follow each other; otherwise weighted-round-robin spreads
 * the same shares more evenly. What a weight has beyond a whole number is kept for the next round.
 */
export class Weighted implements Scheduler {
  #candidates: readonly Backend[] = [];
  #index = 0;
  #scale = 1;
  #turn: Turn = { runtime: null, left: 0, rests: new WeakMap(), retries: 0 };

  takeOver(before: Scheduler): void {
    if (before instanceof Weighted) this.#turn = before.#turn;
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    if (tried !== undefined) return this.#another(candidates, tried);
    if (candidates !== this.#candidates || candidates[this.#index]?.runtime !== this.#turn.runtime)
      this.#find(candidates);
    const turn = this.#turn;
    // From anywhere, once around comes past the heaviest one, which has a whole pick each round.
    for (let step = 0; step <= candidates.length; step++) {
      const backend = candidates[this.#index];
      if (backend === undefined) break;
      if (turn.left >= 1 && backend.weight > 0) {
        turn.left -= 1;
        return backend;
      }
      if (turn.left < 1) turn.rests.set(backend.runtime, turn.left);
      const next = (this.#index + 1) % candidates.length;
      if (next === 0) this.#scale = scaleOf(candidates);
      this.#enter(candidates, next);
    }
    return undefined;
  }

  /** A retry goes to the others in turn: the run of a failing backend must not all land on the one behind it. */
  #another(candidates: readonly Backend[], tried: readonly Backend[]): Backend | undefined {
    const others = candidates.filter((backend) => backend.weight > 0 && !tried.includes(backend));
    return others[this.#turn.retries++ % others.length];
  }

  /** The backend whose run it is, in an array that it was not picked from. */
  #find(candidates: readonly Backend[]): void {
    this.#candidates = candidates;
    this.#scale = scaleOf(candidates);
    this.#index = candidates.findIndex(({ runtime }) => runtime === this.#turn.runtime);
    const backend = candidates[this.#index];
    if (backend === undefined) this.#enter(candidates, 0);
    // It may have got less weight in the middle of its run.
    else this.#turn.left = Math.min(this.#turn.left, Math.max(1, backend.weight * this.#scale));
  }

  #enter(candidates: readonly Backend[], index: number): void {
    this.#index = index;
    const backend = candidates[index];
    if (backend === undefined) return;
    this.#turn.runtime = backend.runtime;
    this.#turn.left = (this.#turn.rests.get(backend.runtime) ?? 0) + backend.weight * this.#scale;
  }
}

interface Turn {
  /** Of the backend whose run it is. */
  runtime: BackendRuntime | null;
  left: number;
  readonly rests: WeakMap<BackendRuntime, number>;
  retries: number;
}

/** Weights all below 1 (of backends that start slowly) are raised so that a round has at least one pick. */
function scaleOf(candidates: readonly Backend[]): number {
  const most = candidates.reduce((highest, { weight }) => Math.max(highest, weight), 0);
  return most > 0 && most < 1 ? 1 / most : 1;
}
