import type { SchedulerConfig, SchedulerName } from '../../shared/config-types.ts';
import type { Backend } from '../backend.ts';
import { ketamaCircle } from './consistent-hash.ts';
import { DynamicRatio } from './dynamic-ratio.ts';
import { Fastest } from './fastest.ts';
import { HashScheduler } from './hashing.ts';
import { KeyModulo } from './key-modulo.ts';
import { KeyRanges } from './key-ranges.ts';
import { LeastConnections } from './least-connections.ts';
import { maglevTable } from './maglev.ts';
import { Observed } from './observed.ts';
import { PowerOfTwoChoices } from './power-of-two-choices.ts';
import { Predictive } from './predictive.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';
import { Weighted } from './weighted.ts';

/**
 * Picks a backend. It sees backends and an optional key, never a request, so that every protocol
 * shares every algorithm. One instance serves one upstream of one snapshot.
 */
export interface Scheduler {
  /** Every backend of the upstream, whether it takes requests or not: before the first pick and whenever they change (tables of keys are built of them). */
  setBackends?(backends: readonly Backend[]): void;
  /** Goes on where the scheduler of the snapshot before stands, which may still pick for the exchanges of that one. */
  takeOver?(before: Scheduler): void;
  /**
   * Undefined where no candidate has a weight above 0.
   * `candidates`: any of the backends. Never changed in place by its owner: a change makes a new array.
   * `key`: what is the same for requests that belong together; without one, schedulers that want one take turns.
   * `tried`: those to leave out, which a retry has tried already; never empty.
   */
  pick(
    candidates: readonly Backend[],
    key?: Uint8Array | string,
    tried?: readonly Backend[],
  ): Backend | undefined;
}

/** Every scheduler there is, by the name that a config gives it. */
const schedulers: Readonly<Record<SchedulerName, (config: SchedulerConfig) => Scheduler>> = {
  'round-robin': () => new RoundRobin(),
  weighted: () => new Weighted(),
  'weighted-round-robin': () => new WeightedRoundRobin(),
  random: () => new Random(),
  'weighted-random': () => new Random(),
  'power-of-two-choices': () => new PowerOfTwoChoices(),
  'key-modulo': (config) => new KeyModulo(config),
  'key-ranges': ({ ranges }) => new KeyRanges(ranges),
  'consistent-hash': (config) => new HashScheduler(ketamaCircle, config),
  maglev: (config) =>
    new HashScheduler((names, weights) => maglevTable(config.table, names, weights), config),
  'least-connections': () => new LeastConnections(),
  fastest: () => new Fastest(),
  observed: () => new Observed(),
  predictive: () => new Predictive(),
  'dynamic-ratio': () => new DynamicRatio(),
};

export function createScheduler(config: SchedulerConfig): Scheduler {
  return schedulers[config.type](config);
}
