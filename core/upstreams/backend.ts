import type { BackendConfig, SocketAddressConfig } from '../shared/config-types.ts';
import { LatencyHistogram } from '../shared/latency-histogram.ts';
import type { PickCandidate } from '../shared/rule-script.ts';
import { ObservedLatency } from './observed-latency.ts';

let healthChanges = 0;

/**
 * Goes up whenever the health of any backend changes: how an upstream notices, in one comparison a
 * request, that its list of candidates is out of date. (A runtime cannot tell its upstream, for during
 * a reload it belongs to two.)
 */
export function healthVersion(): number {
  return healthChanges;
}

/** What is known of a backend's address at run time. It outlives reloads that keep the address in its upstream. */
export class BackendRuntime {
  /** Exchanges under way. */
  inFlight = 0;
  /** Attempts begun. */
  requests = 0;
  /** Attempts which failed by the backend's fault. */
  errors = 0;
  /** To the answer's head, in ms. */
  readonly latency = new LatencyHistogram();
  /** The same of the last seconds, for schedulers. */
  readonly observed = new ObservedLatency();
  /** The weight that it reports of itself, for the scheduler `dynamic-ratio`; null: it has reported none. */
  reportedWeight: number | null = null;
  #health: 'up' | 'down' = 'up';

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
    healthChanges++;
  }
}

/** One address with a weight, as one snapshot configures it. */
export class Backend {
  readonly address: SocketAddressConfig;
  /** The address as written; names the backend in logs and status. */
  readonly addressText: string;
  /** 0 takes no new request. */
  readonly weight: number;
  readonly configuredWeight: number;
  readonly state: 'ready' | 'drain' | 'maintenance' = 'ready';
  readonly runtime: BackendRuntime;

  constructor(config: BackendConfig, runtime: BackendRuntime) {
    this.address = config.address;
    this.addressText = config.addressText;
    this.weight = config.weight;
    this.configuredWeight = config.weight;
    this.runtime = runtime;
  }

  /** Whether it may be given new requests. */
  get takesRequests(): boolean {
    return this.state === 'ready' && this.weight > 0 && this.runtime.health === 'up';
  }
}

/** A backend as a rule's `pick` handler sees it; `nowMs`: as `performance.now()` has it. */
export function pickCandidate({ addressText, weight, runtime }: Backend, nowMs: number): PickCandidate {
  const { health, inFlight, requests, errors, observed } = runtime;
  const latency = Math.round(observed.mean(nowMs) * 1000) / 1000;
  return {
    address: addressText,
    weight,
    health,
    inFlight,
    requests,
    errors,
    latency: latency === 0 ? null : latency,
  };
}
