import type { BackendConfig, SocketAddressConfig } from '../shared/config-types.ts';
import type { BackendHealth } from '../shared/health-types.ts';
import { LatencyHistogram } from '../shared/latency-histogram.ts';

import { PassiveHealth } from './health.ts';

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
  /** What the requests of this worker say of it. */
  readonly passive = new PassiveHealth();
  /** The last one: when it ends or ended (epoch milliseconds), and why; null: there was none. */
  ejection: { readonly until: number; readonly reason: string } | null = null;
  /** The weight that the backend asks for itself; null: it does not. */
  reportedWeight: number | null = null;
  #health: 'up' | 'down' = 'up';
  #ejected = false;
  #reportedState: BackendHealth['reportedState'] = 'ready';

  get health(): 'up' | 'down' {
    return this.#health;
  }

  set health(health: 'up' | 'down') {
    if (health === this.#health) return;
    this.#health = health;
    healthChanges++;
  }

  /** Whether this worker leaves it out for what befell its requests. */
  get ejected(): boolean {
    return this.#ejected;
  }

  set ejected(ejected: boolean) {
    if (ejected === this.#ejected) return;
    this.#ejected = ejected;
    healthChanges++;
  }

  /** The state that the backend asks for itself, by its agent. */
  get reportedState(): BackendHealth['reportedState'] {
    return this.#reportedState;
  }

  /** What the active checks have found. */
  setActive({ health, reportedState, reportedWeight }: BackendHealth): void {
    this.reportedWeight = reportedWeight;
    if (reportedState !== this.#reportedState) {
      this.#reportedState = reportedState;
      healthChanges++;
    }
    if (health === this.#health) return;
    this.health = health;
    if (health === 'down') return;
    this.passive.readmit(performance.now());
    this.ejected = this.passive.isOut;
  }
}

/** One address with a weight, as one snapshot configures it. */
export class Backend {
  readonly address: SocketAddressConfig;
  /** The address as written; names the backend in logs and status. */
  readonly addressText: string;
  /** 0 takes no new request. */
  readonly weight: number;
  readonly state: 'ready' | 'drain' | 'maintenance' = 'ready';
  readonly runtime: BackendRuntime;

  constructor(config: BackendConfig, runtime: BackendRuntime) {
    this.address = config.address;
    this.addressText = config.addressText;
    this.weight = config.weight;
    this.runtime = runtime;
  }

  /** Whether it may be given new requests. */
  get takesRequests(): boolean {
    const { health, reportedState } = this.runtime;
    return this.state === 'ready' && reportedState === 'ready' && this.weight > 0 && health === 'up';
  }
}
