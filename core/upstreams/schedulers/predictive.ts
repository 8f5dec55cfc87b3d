import type { Backend } from '../backend.ts';
import { cheapest, latencyCost, type Clock } from './latency-cost.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * As `observed`, and with the trend: a backend whose last second was slower than its last ten is expected to
 * get slower still, by as much again, and one that recovers to go on recovering.
 */
export class Predictive implements Scheduler {
  readonly #clock: Clock;
  #turn = 0;

  constructor(clock: Clock = () => performance.now()) {
    this.#clock = clock;
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    const now = this.#clock();
    const costOf = (backend: Backend): number => {
      const { observed, errors } = backend.runtime;
      observed.countErrors(errors, now);
      return latencyCost(backend, observed.mean(now) * observed.trend(now));
    };
    return cheapest(candidates, this.#turn++, costOf, tried);
  }
}
