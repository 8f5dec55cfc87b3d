import type { Backend } from '../backend.ts';
import type { Scheduler } from './scheduler.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

/**
 * In turn, smoothly, in proportion to the weights that the backends report of themselves. One that has
 * reported nothing has its configured weight; where all report 0, the configured weights count too: an
 * overloaded group still shares its requests out.
 */
export class DynamicRatio implements Scheduler {
  readonly #reported = new WeightedRoundRobin(reportedWeight);
  readonly #configured = new WeightedRoundRobin();

  takeOver(before: Scheduler): void {
    if (!(before instanceof DynamicRatio)) return;
    this.#reported.takeOver(before.#reported);
    this.#configured.takeOver(before.#configured);
  }

  pick(candidates: readonly Backend[], _key?: unknown, tried?: readonly Backend[]): Backend | undefined {
    return (
      this.#reported.pick(candidates, undefined, tried) ?? this.#configured.pick(candidates, undefined, tried)
    );
  }
}

/** A backend that takes less than its configured weight for now (slow start) takes as much less of the reported one. */
function reportedWeight({ runtime, weight, configuredWeight }: Backend): number {
  const reported = runtime.reportedWeight ?? runtime.checkedWeight;
  if (reported === null) return weight;
  return weight < configuredWeight ? (reported * weight) / configuredWeight : weight > 0 ? reported : 0;
}
