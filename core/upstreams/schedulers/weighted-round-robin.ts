import type { Backend } from '../backend.ts';
import { PerBackend } from './per-backend.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * In turn, in proportion to the weights, and smoothly: 5, 1, 1 gives a a b a c a a, not a a a a a b c
 * (the algorithm that nginx introduced). Each pick raises every candidate's credit by its weight, takes
 * the one with the most credit, and lowers that one's by the sum of the weights.
 */
export class WeightedRoundRobin implements Scheduler {
  readonly #weightOf: (backend: Backend) => number;
  #credits = new PerBackend<Account>(() => ({ credit: 0, weight: 0 }));

  /** `weightOf`: what counts as a backend's weight; at most 0 leaves it out. */
  constructor(weightOf: (backend: Backend) => number = ({ weight }) => weight) {
    this.#weightOf = weightOf;
  }

  takeOver(before: Scheduler): void {
    if (before instanceof WeightedRoundRobin) this.#credits = before.#credits.shared();
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    const credits = this.#credits.of(candidates);
    const weightOf = this.#weightOf;
    let total = 0;
    let picked: Backend | undefined;
    let most: Account | undefined;
    let changed = false;
    for (let i = 0; i < candidates.length; i++) {
      const backend = candidates[i];
      const own = credits[i];
      if (backend === undefined || own === undefined) continue;
      const weight = weightOf(backend);
      if (weight <= 0 || (tried !== undefined && tried.includes(backend))) continue;
      total += weight;
      if (weight !== own.weight) changed = true;
      own.credit += weight;
      if (most === undefined || own.credit > most.credit) {
        picked = backend;
        most = own;
      }
    }
    if (changed && tried === undefined) this.#bound(candidates, credits, total);
    if (most !== undefined) most.credit -= total;
    return picked;
  }

  /** Nobody is more than a round ahead or behind; what is left from higher weights would be paid back in thousands of picks. */
  #bound(candidates: readonly Backend[], credits: readonly Account[], round: number): void {
    for (const [i, backend] of candidates.entries()) {
      const own = credits[i];
      const weight = this.#weightOf(backend);
      if (own === undefined || own.weight === weight) continue;
      own.weight = weight;
      own.credit = Math.max(-round, Math.min(round, own.credit));
    }
  }
}

interface Account {
  credit: number;
  /** Of the backend, when it was last bounded. */
  weight: number;
}
