import type {
  BackendConfig,
  BackendState,
  BackendTerms,
  SocketAddressConfig,
  UpstreamConfig,
} from '../shared/config-types.ts';
import type { BackendHealth } from '../shared/health-types.ts';
import { LatencyHistogram } from '../shared/latency-histogram.ts';
import type { PickCandidate } from '../shared/rule-script.ts';
import type { Standing } from './candidates.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { PassiveHealth } from './health.ts';
import { placesChanged } from './queue/waiting-queue.ts';
import { ObservedLatency } from './observed-latency.ts';
import { TrafficWindow } from './traffic-window.ts';

let changes = 0;

/**
 * Goes up whenever any backend may have begun or ceased to take requests: how an upstream notices, in one
 * comparison a request, that its list of candidates is out of date. (A runtime cannot tell its upstream,
 * for during a reload it belongs to two.)
 */
export function availabilityVersion(): number {
  return changes;
}

export function availabilityChanged(): void {
  changes += 1;
  placesChanged();
}

/** What is known of a backend's address at run time. It outlives reloads that keep the address in its upstream. */
export class BackendRuntime {
  /** Exchanges under way. */
  inFlight = 0;
  /** Attempts begun. */
  requests = 0;
  /** Attempts begun in the last hour. */
  readonly traffic = new TrafficWindow();
  /** Attempts which failed by the backend's fault. */
  errors = 0;
  /** To the answer's head, in ms. */
  readonly latency = new LatencyHistogram();
  readonly circuit = new CircuitBreaker();
  /** The same of the last seconds, for schedulers. */
  readonly observed = new ObservedLatency();
  /** What the requests of this worker say of it. */
  readonly passive = new PassiveHealth();
  /** The last one: when it ends or ended (epoch milliseconds), and why; null: there was none. */
  ejection: { readonly until: number; readonly reason: string } | null = null;
  /** The weight that it reports of itself in its answers, for the scheduler `dynamic-ratio`; null: it has reported none. */
  reportedWeight: number | null = null;
  /** The one that it reports to health checks. */
  checkedWeight: number | null = null;
  /** Since when it takes requests without a break, on the clock of performance.now(); null: it takes none. */
  takesRequestsSinceMs: number | null;
  #health: 'up' | 'down' = 'up';
  #ejected = false;
  #circuitOpen = false;
  #reportedState: BackendHealth['reportedState'] = 'ready';

  /** `isNew`: it joins others that carry traffic already. */
  constructor(isNew = false) {
    this.takesRequestsSinceMs = isNew ? null : Number.NEGATIVE_INFINITY;
  }

  /** An answer's head has come; times as `performance.now()` has them. */
  recordAnswer(status: number, connectedMs: number, answeredMs: number): void {
    const ms = answeredMs - connectedMs;
    this.latency.record(ms);
    if (status >= 500) this.observed.recordError(ms, answeredMs);
    else this.observed.record(ms, answeredMs);
  }

  get health(): 'up' | 'down' {
    return this.#health;
  }

  set health(health: 'up' | 'down') {
    if (health === this.#health) return;
    this.#health = health;
    if (health === 'down') this.takesRequestsSinceMs = null;
    availabilityChanged();
  }

  /** Left out for a while by this worker, for how it answered. */
  get ejected(): boolean {
    return this.#ejected;
  }

  set ejected(ejected: boolean) {
    if (ejected === this.#ejected) return;
    this.#ejected = ejected;
    if (ejected) this.takesRequestsSinceMs = null;
    availabilityChanged();
  }

  /** What this worker's circuit breaker says: nothing may go there at present. */
  get circuitOpen(): boolean {
    return this.#circuitOpen;
  }

  set circuitOpen(open: boolean) {
    if (open === this.#circuitOpen) return;
    this.#circuitOpen = open;
    if (open) this.takesRequestsSinceMs = null;
    availabilityChanged();
  }

  /** The state that the backend asks for itself, by its agent. */
  get reportedState(): BackendHealth['reportedState'] {
    return this.#reportedState;
  }

  /** What the active checks have found. */
  setActive({ health, reportedState, reportedWeight }: BackendHealth): void {
    this.checkedWeight = reportedWeight;
    if (reportedState !== this.#reportedState) {
      this.#reportedState = reportedState;
      if (reportedState !== 'ready') this.takesRequestsSinceMs = null;
      availabilityChanged();
    }
    if (health === this.#health) return;
    this.health = health;
    if (health === 'down') return;
    this.passive.readmit(performance.now());
    this.ejected = this.passive.isOut;
  }
}

/** What a scheduler picks, as one snapshot configures it: an address, or an upstream in the place of one. */
export abstract class Backend implements Standing {
  /** Names the backend in logs and status: the address as written, with the one of them where it is a host name. */
  readonly addressText: string;
  /** The address as written: one row of the config for all addresses of a host name. */
  readonly rowText: string;
  readonly backupFor: string | null;
  readonly runtime: BackendRuntime;
  #terms: BackendTerms;
  #slowStartShare = 1;
  #weight: number;

  constructor(terms: BackendTerms, runtime: BackendRuntime, texts: BackendTexts) {
    this.addressText = texts.addressText;
    this.rowText = texts.rowText;
    this.backupFor = texts.backupFor;
    this.runtime = runtime;
    this.#terms = terms;
    this.#weight = terms.weight;
  }

  abstract get isUp(): boolean;

  /** Whether it has no place free: requests wait for one. */
  abstract get isFull(): boolean;

  /** Whether it can ever be full. */
  abstract get isLimited(): boolean;

  /** Its share of the requests at present; below `configuredWeight` in its slow start. 0 takes no new request. */
  get weight(): number {
    return this.#weight;
  }

  /** As the config, or a command, has it. */
  get configuredWeight(): number {
    return this.#terms.weight;
  }

  get state(): BackendState {
    return this.#terms.state;
  }

  get priority(): number {
    return this.#terms.priority;
  }

  /** How much of its weight it has by now: 1 but in its slow start. */
  get slowStartShare(): number {
    return this.#slowStartShare;
  }

  set slowStartShare(share: number) {
    this.#slowStartShare = share;
    this.#weight = this.#terms.weight * share;
  }

  /** Takes over what a command has set. */
  setTerms(terms: BackendTerms): void {
    const before = this.#terms;
    this.#terms = terms;
    this.#weight = terms.weight * this.#slowStartShare;
    if (!this.takesRequests) this.runtime.takesRequestsSinceMs = null;
    if (before.weight !== terms.weight || before.state !== terms.state) availabilityChanged();
  }

  get isEjected(): boolean {
    return this.runtime.ejected;
  }

  /** Whether its circuit breaker keeps all requests from it at present. */
  get isCircuitOpen(): boolean {
    return false;
  }

  /** Whether it may be given new requests. */
  get takesRequests(): boolean {
    if (this.state !== 'ready' || this.runtime.reportedState !== 'ready') return false;
    return this.#terms.weight > 0 && this.isUp && !this.isCircuitOpen;
  }

  /** Whether a client that belongs to it may come back to it, whatever its weight. */
  get takesStickySessions(): boolean {
    return (
      this.state !== 'maintenance' &&
      this.runtime.reportedState !== 'maintenance' &&
      this.isUp &&
      !this.isCircuitOpen
    );
  }
}

export interface BackendTexts {
  readonly addressText: string;
  readonly rowText: string;
  readonly backupFor: string | null;
}

/** A backend that can be connected to. */
export class AddressBackend extends Backend {
  readonly address: SocketAddressConfig;
  /** What its upstream says of connections to it. */
  readonly settings: UpstreamConfig;
  /** Exchanges under way at a time, this worker's share of them; Infinity for any number. */
  readonly #maxInFlight: number;

  /** `rowText`: where `config` stands for one address of a row's host name, that row's text. */
  constructor(
    config: BackendConfig,
    settings: UpstreamConfig,
    runtime: BackendRuntime,
    rowText = config.addressText,
  ) {
    super(config, runtime, { addressText: config.addressText, rowText, backupFor: config.backupFor });
    this.address = config.address;
    this.settings = settings;
    const max = config.maxConnections ?? settings.maxConnections ?? Number.POSITIVE_INFINITY;
    this.#maxInFlight = Math.ceil(max / settings.workers);
  }

  get isFull(): boolean {
    return this.runtime.inFlight >= this.#maxInFlight;
  }

  get isLimited(): boolean {
    return this.#maxInFlight < Number.POSITIVE_INFINITY;
  }

  get isUp(): boolean {
    return this.runtime.health === 'up';
  }

  override get isCircuitOpen(): boolean {
    return this.runtime.circuitOpen && this.settings.circuitBreaker !== null;
  }
}

/** A backend as a rule's `pick` handler sees it; `nowMs`: as `performance.now()` has it. */
export function pickCandidate({ addressText, weight, isUp, runtime }: Backend, nowMs: number): PickCandidate {
  const { inFlight, requests, errors, observed } = runtime;
  const latency = Math.round(observed.mean(nowMs) * 1000) / 1000;
  return {
    address: addressText,
    weight,
    health: isUp ? 'up' : 'down',
    inFlight,
    requests,
    errors,
    latency: latency === 0 ? null : latency,
  };
}
