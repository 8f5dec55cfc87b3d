import { hostNameOf } from '../shared/address.ts';
import type { BackendConfig, UpstreamConfig } from '../shared/config-types.ts';
import { AddressBackend, availabilityChanged, availabilityVersion, type Backend } from './backend.ts';
import { candidatesOf } from './candidates.ts';
import { NestedBackend } from './nested-backend.ts';
import { RetryBudget } from './retry-budget.ts';
import { schedulers, type Scheduler } from './schedulers/scheduler.ts';
import { advanceSlowStarts } from './slow-start.ts';

/** The share of the usable backends that may be ejected. */
const MAX_EJECTED = 0.5;

/** A named group of backends with its scheduler, in one snapshot. */
export class Upstream {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly budget: RetryBudget;
  readonly #scheduler: Scheduler;
  readonly #now: () => number;
  #rows: readonly BackendConfig[];
  #backends: readonly AddressBackend[];
  #nested: readonly NestedBackend[] = [];
  #candidates: readonly Backend[] = [];
  #seenVersion = -1;
  /** When slow starts are to be looked at again. */
  #dueMs = Number.POSITIVE_INFINITY;

  /** `now`: in ms, as performance.now(). `before`: what the snapshot before has under this name. */
  constructor(
    config: UpstreamConfig,
    backends: readonly AddressBackend[],
    now: () => number = () => performance.now(),
    before?: Upstream,
  ) {
    this.name = config.name;
    this.config = config;
    this.#rows = config.backends;
    this.#backends = backends;
    this.#now = now;
    this.budget = before?.budget ?? new RetryBudget();
    this.#scheduler = schedulers[config.scheduler]();
  }

  /** Those with an address: more than the config's rows where a host name stands for several, fewer where it stands for none. */
  get backends(): readonly AddressBackend[] {
    return this.#backends;
  }

  get nested(): readonly NestedBackend[] {
    return this.#nested;
  }

  /** Exchanges under way at all its backends. */
  get inFlight(): number {
    let sum = 0;
    for (const { runtime } of this.#backends) sum += runtime.inFlight;
    for (const { upstream } of this.#nested) sum += upstream.inFlight;
    return sum;
  }

  /** For host names that stand for other addresses now, and backends that a command added or removed; `rows`: what they come from. */
  replaceBackends(rows: readonly BackendConfig[], backends: readonly AddressBackend[]): void {
    this.#rows = rows;
    this.#backends = backends;
    // Of the upstreams that this one stands in, too.
    availabilityChanged();
  }

  /** Puts other upstreams in the places that the config has for them; before the first pick. */
  nest(nested: readonly NestedBackend[]): void {
    this.#nested = nested;
    availabilityChanged();
  }

  /** The rows whose host name stands for no address. */
  unresolved(): readonly BackendConfig[] {
    const named = new Set(this.#backends.map(({ address }) => hostNameOf(address)));
    return this.#rows.filter(({ address }) => !named.has(hostNameOf(address)));
  }

  /** Why `pick` finds none, for the log. */
  whyNone(): string {
    const names = this.unresolved().map(({ addressText }) => addressText);
    const why = names.length === 0 ? '' : `; no address is known for ${names.join(', ')}`;
    return `no backend of ${this.name} takes requests${why}`;
  }

  /** The backends among which is picked (`candidatesOf`). The same array until they, or their weights, change. */
  candidates(): readonly Backend[] {
    if (
      this.#seenVersion !== availabilityVersion() ||
      (this.#dueMs < Number.POSITIVE_INFINITY && this.#now() >= this.#dueMs)
    )
      this.#refresh();
    return this.#candidates;
  }

  #refresh(): void {
    this.#seenVersion = availabilityVersion();
    this.#dueMs = advanceSlowStarts(this.#backends, this.config.slowStartMs, this.#now());
    const { minAvailable } = this.config;
    this.#candidates = candidatesOf<Backend>([...this.#backends, ...this.#nested], {
      minAvailable,
      maxEjected: MAX_EJECTED,
    });
  }

  /** The scheduler's choice among the candidates not in `tried`, or undefined where none is left. */
  pick(tried?: readonly Backend[]): AddressBackend | undefined {
    const candidates = this.candidates();
    for (const nested of this.#nested) nested.addUp();
    const open =
      tried === undefined || tried.length === 0
        ? candidates
        : candidates.filter((backend) =>
            backend instanceof NestedBackend ? !backend.isTried(tried) : !tried.includes(backend),
          );
    return this.resolve(this.#scheduler.pick(open), tried);
  }

  /** A candidate as a backend that can be connected to: one of its own where it is an upstream. */
  resolve(candidate: Backend | undefined, tried?: readonly Backend[]): AddressBackend | undefined {
    if (candidate instanceof NestedBackend) return candidate.pick(tried);
    return candidate instanceof AddressBackend ? candidate : undefined;
  }
}
