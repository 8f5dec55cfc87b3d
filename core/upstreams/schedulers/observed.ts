import type { Backend } from '../backend.ts';
import type { ObservedLatency } from '../observed-latency.ts';
import { cheapest, latencyCost, type Clock } from './latency-cost.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Of all backends the one with the least to do: mean latency of the last ten seconds times exchanges under
 * way, for its weight.
 */
export class Observed implements Scheduler {
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
      return latencyCost(backend, this.expectedMs(observed, now));
    };
    return cheapest(candidates, this.#turn++, costOf, tried);
  }

  /** The latency of the next answer. */
  protected expectedMs(observed: ObservedLatency, now: number): number {
    return observed.mean(now);
  }
}
