import type { UpstreamConfig } from '../shared/config-types.ts';
import { healthVersion, type Backend } from './backend.ts';
import { schedulers, type Scheduler } from './schedulers/scheduler.ts';

/** A named group of backends with its scheduler, in one snapshot. */
export class Upstream {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly backends: readonly Backend[];
  readonly #scheduler: Scheduler;
  #candidates: readonly Backend[];
  #seenHealth: number;

  constructor(config: UpstreamConfig, backends: readonly Backend[]) {
    this.name = config.name;
    this.config = config;
    this.backends = backends;
    this.#scheduler = schedulers[config.scheduler]();
    this.#seenHealth = healthVersion();
    this.#candidates = backends.filter((backend) => backend.takesRequests);
  }

  /** The backends that take new requests: ready, up, weight above 0. The same array until that changes. */
  candidates(): readonly Backend[] {
    if (this.#seenHealth !== healthVersion()) {
      this.#seenHealth = healthVersion();
      this.#candidates = this.backends.filter((backend) => backend.takesRequests);
    }
    return this.#candidates;
  }

  /** The scheduler's choice among the candidates not in `tried`, or undefined where none is left. */
  pick(tried?: readonly Backend[]): Backend | undefined {
    const candidates = this.candidates();
    if (tried === undefined || tried.length === 0) return this.#scheduler.pick(candidates);
    return this.#scheduler.pick(candidates.filter((backend) => !tried.includes(backend)));
  }
}
