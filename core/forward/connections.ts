import type { BackendStream } from '../exchange/streams.ts';
import type { UpstreamConfig } from '../shared/config-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { AddressBackend, BackendRuntime } from '../upstreams/backend.ts';
import { BackendConnections } from './backend-connections.ts';

/** Which connection is wanted. */
export interface Wanted {
  /** No idle one, which the backend may be about to close. */
  readonly fresh: boolean;
  /** One that can switch protocols, which HTTP/2 can not. */
  readonly upgrade: boolean;
  /** What a new one begins with, which makes it one client's alone; null: nothing. */
  readonly preface: string | null;
}

/**
 * The connections of one worker to its backends. They belong to a backend's runtime, so they
 * outlive reloads that keep its address, its protocol and its TLS settings.
 */
export class ConnectionPools {
  readonly #deadlines: Deadlines;
  readonly #pools = new Map<BackendRuntime, BackendConnections>();
  readonly #retired = new WeakSet<BackendRuntime>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /**
   * Takes a connection, or a stream of one, for one attempt; opens one where there is none.
   * @returns null when the backend has as many connections as it may
   */
  acquire(backend: AddressBackend, config: UpstreamConfig, wanted: Wanted): BackendStream | null {
    return this.#poolOf(backend, config).acquire(config, wanted);
  }

  /** Opens what is missing of `connections.warmUp`. Each with a PROXY header is one client's, so none is opened ahead. */
  warmUp(backend: AddressBackend): void {
    const { settings } = backend;
    if (settings.proxyProtocol === null) this.#poolOf(backend, settings).warmUp(settings);
  }

  #poolOf(backend: AddressBackend, config: UpstreamConfig): BackendConnections {
    let pool = this.#pools.get(backend.runtime);
    if (pool === undefined || !pool.fits(config)) {
      // What was agreed on with other settings, such as without verification, is not used any more.
      pool?.retire();
      pool = new BackendConnections(backend.address, config, this.#deadlines);
      // An exchange of an old snapshot may still come back for another try.
      if (this.#retired.has(backend.runtime)) pool.retire();
      else this.#pools.set(backend.runtime, pool);
    }
    return pool;
  }

  /** Connections in use and idle, for status. */
  count(runtime: BackendRuntime): { active: number; idle: number } {
    const pool = this.#pools.get(runtime);
    return pool === undefined ? { active: 0, idle: 0 } : { active: pool.size - pool.idle, idle: pool.idle };
  }

  /** Closes the idle connections of a backend that no snapshot names any more; those in use close after their exchange. */
  retire(runtime: BackendRuntime): void {
    this.#retired.add(runtime);
    this.#pools.get(runtime)?.retire();
    this.#pools.delete(runtime);
  }

  /** Of all backends, or of these. */
  closeIdle(runtimes: Iterable<BackendRuntime> = this.#pools.keys()): void {
    for (const runtime of runtimes) this.#pools.get(runtime)?.closeIdle();
  }
}
