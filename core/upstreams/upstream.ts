import { hostNameOf } from '../shared/address.ts';
import type { BackendConfig, UpstreamConfig } from '../shared/config-types.ts';
import { healthVersion, type Backend } from './backend.ts';
import { schedulers, type Scheduler } from './schedulers/scheduler.ts';

/** A named group of backends with its scheduler, in one snapshot. */
export class Upstream {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly #scheduler: Scheduler;
  #backends: readonly Backend[];
  #candidates: readonly Backend[];
  #seenHealth: number;

  constructor(config: UpstreamConfig, backends: readonly Backend[]) {
    this.name = config.name;
    this.config = config;
    this.#backends = backends;
    this.#scheduler = schedulers[config.scheduler]();
    this.#seenHealth = healthVersion();
    this.#candidates = this.#usable();
  }

  /** More than the config's rows where a host name stands for several addresses, fewer where it stands for none. */
  get backends(): readonly Backend[] {
    return this.#backends;
  }

  /** For host names that stand for other addresses now. */
  replaceBackends(backends: readonly Backend[]): void {
    this.#backends = backends;
    this.#candidates = this.#usable();
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
    return `no backend of ${this.name} takes requests${why}`;
  }

  /** The backends that take new requests: ready, up, weight above 0. The same array until that changes. */
  candidates(): readonly Backend[] {
    if (this.#seenHealth !== healthVersion()) {
      this.#seenHealth = healthVersion();
      this.#candidates = this.#usable();
    }
    return this.#candidates;
  }

  /** The scheduler's choice among the candidates not in `tried`, or undefined where none is left. */
  pick(tried?: readonly Backend[]): Backend | undefined {
    const candidates = this.candidates();
    if (tried === undefined || tried.length === 0) return this.#scheduler.pick(candidates);
    return this.#scheduler.pick(candidates.filter((backend) => !tried.includes(backend)));
  }

  /** Without those ejected, unless too many are: better a backend in doubt than the others overrun. */
  #usable(): readonly Backend[] {
    const usable = this.#backends.filter((backend) => backend.takesRequests);
    const { passiveHealth } = this.config;
    if (passiveHealth === null) return usable;
    const left = usable.filter(({ runtime }) => !runtime.ejected);
    const most = usable.length * passiveHealth.maxEjected;
    return left.length === 0 || usable.length - left.length > most ? usable : left;
  }
}
