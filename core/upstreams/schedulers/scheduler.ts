import type { SchedulerName } from '../../shared/config-types.ts';
import type { Backend } from '../backend.ts';
import { LeastConnections } from './least-connections.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

/**
 * Picks a backend. It sees backends and an optional key, never a request, so that every protocol
 * shares every algorithm. One instance serves one upstream of one snapshot.
 */
export interface Scheduler {
  /**
   * Undefined where no candidate has a weight above 0.
   * `candidates` may be any subset of the upstream's backends (a retry leaves out those it tried),
   * and is never changed in place by its owner: a change makes a new array.
   */
  pick(candidates: readonly Backend[], key?: Uint8Array | string): Backend | undefined;
}

/** Every scheduler there is, by the name that a config gives it. */
export const schedulers: Readonly<Record<SchedulerName, () => Scheduler>> = {
  'round-robin': () => new RoundRobin(),
  'weighted-round-robin': () => new WeightedRoundRobin(),
  random: () => new Random(),
  'least-connections': () => new LeastConnections(),
};
