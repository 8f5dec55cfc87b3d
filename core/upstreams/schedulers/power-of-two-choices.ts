import type { Backend } from '../backend.ts';
import { Draw, type RandomSource } from './draw.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Two at random, by weight, and of them the one with fewer exchanges under way for its weight. Nearly
 * as even as least-connections, but workers that each see only their own requests do not all
 * run to the same backend.
 */
export class PowerOfTwoChoices implements Scheduler {
  readonly #draw: Draw;

  constructor(random: RandomSource = Math.random) {
    this.#draw = new Draw(random);
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    return this.#draw.betterOfTwo(candidates, loadOf, tried);
  }
}

function loadOf({ runtime, weight }: Backend): number {
  return runtime.inFlight / weight;
}
