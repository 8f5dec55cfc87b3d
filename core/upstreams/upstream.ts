import { hostNameOf } from '../shared/address.ts';
import type { BackendConfig, UpstreamConfig } from '../shared/config-types.ts';
import { parseSchedulerKey, type SchedulerKey } from '../shared/scheduler-key.ts';
import { AddressBackend, availabilityChanged, availabilityVersion, type Backend } from './backend.ts';
import { candidatesOf } from './candidates.ts';
import { NestedBackend } from './nested-backend.ts';
import { WaitingQueue } from './queue/waiting-queue.ts';
import { Rendezvous } from './rendezvous.ts';
import { RetryBudget } from './retry-budget.ts';
import type { RandomSource } from './schedulers/draw.ts';
import { createScheduler, type Scheduler } from './schedulers/scheduler.ts';
import { advanceSlowStarts } from './slow-start.ts';
import { stickySessions, takeOverSessions, type StickySessions } from './sticky/sticky-sessions.ts';

/** Turns that one worker may be ahead of another one when it starts. */
const MOST_AHEAD = 256;

/** A named group of backends with its scheduler, in one snapshot. */
export class Upstream {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly sticky: StickySessions | null;
  /** Those who wait for a backend with a place free. */
  readonly queue: WaitingQueue;
  /** Where the key of a request is found; null: the scheduler wants none. */
  readonly key: SchedulerKey | null;
  readonly #scheduler: Scheduler;
  readonly #rendezvous = new Rendezvous();
  readonly #now: () => number;
  readonly #random: RandomSource;
  /** Whether its turns have begun somewhere. */
  #hasTurns = false;
  #budget = new RetryBudget();
  #rows: readonly BackendConfig[];
  #backends: readonly AddressBackend[];
  #nested: readonly NestedBackend[] = [];
  #candidates: readonly Backend[] = [];
  /** Whether any of them may have all its places taken. */
  #isLimited = false;
  #seenVersion = -1;
  /** Whether the scheduler has not heard of all backends yet. */
  #tellScheduler = true;
  /** When slow starts are to be looked at again. */
  #dueMs = Number.POSITIVE_INFINITY;

  /** `now`: in ms, as performance.now(). */
  constructor(
    config: UpstreamConfig,
    backends: readonly AddressBackend[],
    now: () => number = () => performance.now(),
    random: RandomSource = Math.random,
  ) {
    this.name = config.name;
    this.config = config;
    this.#rows = config.backends;
    this.#backends = backends;
    this.#now = now;
    this.#random = random;
    this.key = config.scheduler.key === null ? null : (parseSchedulerKey(config.scheduler.key) ?? null);
    this.#scheduler = createScheduler(config.scheduler);
    this.queue = new WaitingQueue(config.queue.length, () => this.hasRoom());
    this.sticky = config.sticky === null ? null : stickySessions(this, config.sticky);
  }

  /** What the snapshot before had under this name: scheduler, sticky sessions, retry budget and counters go on where those stand. Before the first pick. */
  takeOver(before: Upstream): void {
    this.#scheduler.takeOver?.(before.#scheduler);
    this.#hasTurns = before.#hasTurns;
    this.#budget = before.#budget;
    this.queue.counters = before.queue.counters;
    if (this.sticky !== null && before.sticky !== null) takeOverSessions(this.sticky, before.sticky);
  }

  /** Of retries, with the counts of them. */
  get budget(): RetryBudget {
    return this.#budget;
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
    this.#tellScheduler = true;
    // Of the upstreams that this one stands in, too.
    availabilityChanged();
  }

  /** Puts other upstreams in the places that the config has for them; before the first pick. */
  nest(nested: readonly NestedBackend[]): void {
    this.#nested = nested;
    this.#tellScheduler = true;
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
    // A range of keys can be without any while others have theirs.
    const which = this.key === null || this.candidates().length === 0 ? '' : ' with the key of this one';
    return `no backend of ${this.name} takes requests${which}${why}`;
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
    const { minAvailable, slowStartMs } = this.config;
    const all: readonly Backend[] = [...this.#backends, ...this.#nested];
    this.#dueMs = advanceSlowStarts(all, slowStartMs, this.#now());
    if (this.#tellScheduler) this.#scheduler.setBackends?.(all);
    this.#tellScheduler = false;
    this.#candidates = candidatesOf(all, {
      minAvailable,
      maxEjected: this.config.passiveHealth?.maxEjected ?? 0,
    });
    this.#isLimited = this.#candidates.some((backend) => backend.isLimited);
    this.#beginTurns();
  }

  /** Workers take turns each for itself: if all began with the first backend, that would get the first request of every one. */
  #beginTurns(): void {
    if (this.#hasTurns || this.#candidates.length === 0) return;
    this.#hasTurns = true;
    if (this.config.workers === 1) return;
    const round = this.#candidates.reduce((sum, { weight }) => sum + weight, 0);
    const ahead = Math.floor(this.#random() * Math.min(round, MOST_AHEAD));
    for (let i = 0; i < ahead; i++) this.#scheduler.pick(this.#candidates);
  }

  /**
   * The scheduler's choice among the candidates not in `tried`, or undefined where none is left.
   * `source`: of the key, for schedulers that go by one. `evenFull`: also one without a place free.
   */
  pick(tried: readonly Backend[] = [], source?: KeySource, evenFull = false): AddressBackend | undefined {
    const candidates = this.candidates();
    for (const nested of this.#nested) nested.addUp();
    const key = this.key === null ? undefined : source?.keyFor(this.key);
    const picked = this.#scheduler.pick(candidates, key, this.#left(tried, evenFull));
    return this.resolve(picked, tried, source, evenFull);
  }

  /**
   * As `pick`, but by the client alone where the scheduler has no key to go by: what has the same candidates chooses the same
   * one, in any worker, at any time. `client`: the same text for the same client.
   */
  pickByClient(client: string, tried: readonly Backend[], source: KeySource): AddressBackend | undefined {
    if (this.key !== null && source.keyFor(this.key) !== undefined) return this.pick(tried, source);
    const picked = this.#rendezvous.pick(this.candidates(), client, this.#left(tried, false));
    return picked instanceof NestedBackend
      ? picked.upstream.pickByClient(client, tried, source)
      : this.resolve(picked);
  }

  /**
   * For a retry when all candidates were tried: what would be picked if those were out of service, so that a backup or the
   * next group, of an upstream within this one, too, serves it before the health of the others tells that they are down.
   */
  pickReserve(tried: readonly Backend[], source: KeySource): AddressBackend | undefined {
    const reserve = this.#reserve(tried);
    // Not worth that the scheduler makes itself acquainted with other candidates.
    if (reserve.length === 0) return undefined;
    const key = this.key === null ? undefined : source.keyFor(this.key);
    const full = reserve.filter((backend) => backend.isFull && this.#candidates.includes(backend));
    const picked = this.#scheduler.pick(reserve, key, full);
    return picked instanceof NestedBackend
      ? (picked.upstream.pick(tried, source) ?? picked.upstream.pickReserve(tried, source))
      : this.resolve(picked);
  }

  /** Whether there is one that was not tried yet, in reserve if need be. */
  hasReserve(tried: readonly Backend[]): boolean {
    return this.#reserve(tried).length > 0;
  }

  /** The candidates if those that were tried were out of service. */
  #reserve(tried: readonly Backend[]): readonly Backend[] {
    const left = [
      ...this.#backends.filter((backend) => !tried.includes(backend)),
      ...this.#nested.filter(({ upstream }) => upstream.hasReserve(tried)),
    ].filter((backend) => !backend.isEjected);
    return candidatesOf<Backend>(left, { minAvailable: this.config.minAvailable, maxEjected: 0 });
  }

  /** What a scheduler is to leave out: backends that were tried or have no place free, and upstreams that have nothing left to try. */
  #left(tried: readonly Backend[], evenFull: boolean): readonly Backend[] | undefined {
    const full = this.#isLimited && !evenFull ? this.#candidates.filter((backend) => backend.isFull) : [];
    if (tried.length === 0 && full.length === 0) return undefined;
    const done = this.#nested.filter((nested) => nested.isTried(tried));
    return done.length === 0 && full.length === 0 ? tried : [...tried, ...full, ...done];
  }

  /** Whether a candidate has a place free. */
  hasRoom(): boolean {
    const candidates = this.candidates();
    return this.#isLimited ? candidates.some((backend) => !backend.isFull) : candidates.length > 0;
  }

  /** Whether its candidates may have all their places taken at some time. */
  get isLimited(): boolean {
    return this.candidates().length > 0 && this.#isLimited;
  }

  /** A candidate as a backend that can be connected to: one of its own where it is an upstream. */
  resolve(
    candidate: Backend | undefined,
    tried?: readonly Backend[],
    source?: KeySource,
    evenFull = false,
  ): AddressBackend | undefined {
    if (candidate instanceof NestedBackend) return candidate.upstream.pick(tried, source, evenFull);
    return candidate instanceof AddressBackend ? candidate : undefined;
  }
}

/** Whoever is to be sent somewhere: has a key, where a scheduler wants one. */
export interface KeySource {
  keyFor(wanted: SchedulerKey): string | undefined;
}
