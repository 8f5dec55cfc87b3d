import type { Backend } from '../backend.ts';
import { Draw, type RandomSource } from './draw.ts';
import { latencyCost, type Clock } from './latency-cost.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Of two at random, by weight, the one whose answers are expected first: peak EWMA of the latency (a slow
 * answer counts at once and is forgotten over ten seconds) times the exchanges under way, as in Finagle.
 */
export class Fastest implements Scheduler {
  readonly #draw: Draw;
  readonly #clock: Clock;

  constructor(random: RandomSource = Math.random, clock: Clock = () => performance.now()) {
    this.#draw = new Draw(random);
    this.#clock = clock;
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    const now = this.#clock();
    const costOf = (backend: Backend): number => {
      const { runtime } = backend;
      runtime.observed.countErrors(runtime.errors, now);
      return latencyCost(backend, runtime.observed.peak(now));
    };
    return this.#draw.betterOfTwo(candidates, costOf, tried);
  }
}
