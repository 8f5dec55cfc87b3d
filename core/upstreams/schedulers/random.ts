import type { Backend } from '../backend.ts';
import { Draw, type RandomSource } from './draw.ts';
import type { Scheduler } from './scheduler.ts';

/** At random, in proportion to the weights. Needs no state, so workers and replicas cannot fall into step. */
export class Random implements Scheduler {
  readonly #draw: Draw;

  constructor(random: RandomSource = Math.random) {
    this.#draw = new Draw(random);
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    return this.#draw.one(candidates, tried);
  }
}
