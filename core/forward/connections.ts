import { ClientConnection, type ClientConnectionOwner } from '../http1/client-connection.ts';
import type { UpstreamConfig } from '../shared/config-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { Backend, BackendRuntime } from '../upstreams/backend.ts';

/**
 * The connections of one worker to its backends. Pools belong to a backend's runtime, so they
 * outlive reloads that keep its address.
 */
export class ConnectionPools {
  readonly #deadlines: Deadlines;
  readonly #pools = new Map<BackendRuntime, ConnectionPool>();
  readonly #retired = new WeakSet<BackendRuntime>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /**
   * Takes an idle connection, the one used last first, or opens one.
   * @param preface what a new connection begins with, which makes it one client's alone; null: nothing
   * @param fresh not an idle one
   * @returns null when the backend has as many connections as it may
   */
  acquire(
    backend: Backend,
    config: UpstreamConfig,
    preface: string | null,
    fresh: boolean,
  ): ClientConnection | null {
    let pool = this.#pools.get(backend.runtime);
    if (pool === undefined) {
      pool = new ConnectionPool(this.#deadlines);
      // An exchange of an old snapshot may still come back for another try.
      if (this.#retired.has(backend.runtime)) pool.retire();
      else this.#pools.set(backend.runtime, pool);
    }
    return pool.acquire(backend, config, preface, fresh);
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

  closeIdle(): void {
    for (const pool of this.#pools.values()) pool.closeIdle();
  }
}

class ConnectionPool implements ClientConnectionOwner {
  readonly deadlines: Deadlines;
  readonly #all = new Set<ClientConnection>();
  readonly #idle: ClientConnection[] = [];
  #maxIdle = 0;
  #retired = false;

  constructor(deadlines: Deadlines) {
    this.deadlines = deadlines;
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  acquire(
    backend: Backend,
    config: UpstreamConfig,
    preface: string | null,
    fresh: boolean,
  ): ClientConnection | null {
    this.#maxIdle = config.connections.maxIdle;
    if (!fresh && preface === null) {
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
    }
    const { max } = config.connections;
    if (max !== null && this.#all.size >= max) {
      // A fresh connection may take the place of an idle one.
      const idle = this.#idle.pop();
      if (idle === undefined) return null;
      idle.destroy();
      this.#all.delete(idle);
    }
    const connection = new ClientConnection(backend.address, preface, config, this);
    this.#all.add(connection);
    return connection;
  }

  onReusable(connection: ClientConnection): void {
    if (connection.preface !== null || this.#retired || this.#idle.length >= this.#maxIdle)
      connection.destroy();
    else this.#idle.push(connection);
  }

  onClosed(connection: ClientConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  retire(): void {
    this.#retired = true;
    this.closeIdle();
  }

  closeIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }
}
