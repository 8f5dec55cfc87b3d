import { hostNameOf } from '../shared/address.ts';
import type { BackendConfig, UpstreamConfig } from '../shared/config-types.ts';
import { healthVersion, type Backend } from './backend.ts';
import { createScheduler, type Scheduler } from './schedulers/scheduler.ts';
import { parseSchedulerKey, type SchedulerKey } from '../shared/scheduler-key.ts';

/** A named group of backends with its scheduler, in one snapshot. */
export class Upstream {
  readonly name: string;
  readonly config: UpstreamConfig;
  /** Where the key of a request is found; null: the scheduler wants none. */
  readonly key: SchedulerKey | null;
  readonly #scheduler: Scheduler;
  #backends: readonly Backend[];
  #candidates: readonly Backend[];
  #seenHealth: number;

  /** `before`: what the snapshot before had under this name; the scheduler goes on where it stands. */
  constructor(config: UpstreamConfig, backends: readonly Backend[], before?: Upstream) {
    this.name = config.name;
    this.config = config;
    this.#backends = backends;
    this.key = config.scheduler.key === null ? null : (parseSchedulerKey(config.scheduler.key) ?? null);
    this.#scheduler = createScheduler(config.scheduler);
    if (before !== undefined) this.#scheduler.takeOver?.(before.#scheduler);
    this.#scheduler.setBackends?.(backends);
    this.#seenHealth = healthVersion();
    this.#candidates = backends.filter((backend) => backend.takesRequests);
  }

  /** More than the config's rows where a host name stands for several addresses, fewer where it stands for none. */
  get backends(): readonly Backend[] {
    return this.#backends;
  }

  /** For host names that stand for other addresses now. */
  replaceBackends(backends: readonly Backend[]): void {
    this.#backends = backends;
    this.#scheduler.setBackends?.(backends);
    this.#candidates = backends.filter((backend) => backend.takesRequests);
  }

  /** The config's rows whose host name stands for no address. */
  unresolved(): readonly BackendConfig[] {
    const named = new Set(this.#backends.map(({ address }) => hostNameOf(address)));
    return this.config.backends.filter(({ address }) => !named.has(hostNameOf(address)));
  }

  /** Why `pick` finds none, for the log. */
  whyNone(): string {
    const names = this.unresolved().map(({ addressText }) => addressText);
    const why = names.length === 0 ? '' : `; no address is known for ${names.join(', ')}`;
    // A range of keys can be without any while others have theirs.
    const which = this.key === null || this.candidates().length === 0 ? '' : ' with the key of this one';
    return `no backend of ${this.name} takes requests${which}${why}`;
  }

  /** The backends that take new requests: ready, up, weight above 0. The same array until that changes. */
  candidates(): readonly Backend[] {
    if (this.#seenHealth !== healthVersion()) {
      this.#seenHealth = healthVersion();
      this.#candidates = this.#backends.filter((backend) => backend.takesRequests);
    }
    return this.#candidates;
  }

  /**
   * The scheduler's choice among the candidates not in `tried`, or undefined where none is left.
   * `key`: of the request, for schedulers that go by one.
   */
  pick(tried: readonly Backend[] = [], key?: Uint8Array | string): Backend | undefined {
    return this.#scheduler.pick(this.candidates(), key, tried.length === 0 ? undefined : tried);
  }
}
