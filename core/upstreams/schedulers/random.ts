import type { Backend } from '../backend.ts';
import type { Scheduler } from './scheduler.ts';

/** At random, in proportion to the weights. Needs no state, so workers and replicas cannot fall into step. */
export class Random implements Scheduler {
  readonly #random: () => number;

  /** `random`: a number from 0 up to, but not including, 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  pick(candidates: readonly Backend[]): Backend | undefined {
    let total = 0;
    for (const backend of candidates) total += backend.weight;
    let left = this.#random() * total;
    let picked: Backend | undefined;
    for (const backend of candidates) {
      if (backend.weight <= 0) continue;
      picked = backend;
      left -= backend.weight;
      if (left < 0) break;
    }
    return picked;
  }
}
