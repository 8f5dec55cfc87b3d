import type { Backend } from '../backend.ts';
import { PerBackend } from './per-backend.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * In turn, in proportion to the weights, and smoothly: 5, 1, 1 gives a a b a c a a, not a a a a a b c
 * (the algorithm that nginx introduced). Each pick raises every candidate's credit by its weight, takes
 * the one with the most credit, and lowers that one's by the sum of the weights.
 */
export class WeightedRoundRobin implements Scheduler {
  readonly #credits = new PerBackend<{ credit: number }>(() => ({ credit: 0 }));

  pick(candidates: readonly Backend[]): Backend | undefined {
    const credits = this.#credits.of(candidates);
    let total = 0;
    let picked: Backend | undefined;
    let most: { credit: number } | undefined;
    for (let i = 0; i < candidates.length; i++) {
      const backend = candidates[i];
      const own = credits[i];
      if (backend === undefined || own === undefined || backend.weight <= 0) continue;
      total += backend.weight;
      own.credit += backend.weight;
      if (most === undefined || own.credit > most.credit) {
        picked = backend;
        most = own;
      }
    }
    if (most !== undefined) most.credit -= total;
    return picked;
  }
}
