import type { BackendRuntime } from '../upstreams/backend.ts';

/** A connection or session that hangs on a backend. */
export interface OpenConnection {
  readonly backend: BackendRuntime;
  /**
   * Its backend goes away: it may go on for its listener's `drainTimeout`.
   * @param endMs when it has to be over, on the clock of performance.now()
   */
  leave(endMs: number): void;
}

/** Those of one worker, whatever their listener. They outlive reloads. */
export class OpenConnections {
  readonly #open = new Set<OpenConnection>();
  /** Whose connections that come about only now are to leave, too. */
  readonly #leaving = new WeakSet<BackendRuntime>();

  add(connection: OpenConnection): void {
    this.#open.add(connection);
    if (this.#leaving.has(connection.backend)) connection.leave(Number.POSITIVE_INFINITY);
  }

  delete(connection: OpenConnection): void {
    this.#open.delete(connection);
  }

  /** These backends go away. */
  leave(backends: Iterable<BackendRuntime>): void {
    const gone = new Set(backends);
    if (gone.size === 0) return;
    for (const backend of gone) this.#leaving.add(backend);
    for (const connection of this.#open)
      if (gone.has(connection.backend)) connection.leave(Number.POSITIVE_INFINITY);
  }

  /** These are there for new connections again. Those that were told to leave still do. */
  stay(backends: Iterable<BackendRuntime>): void {
    for (const backend of backends) this.#leaving.delete(backend);
  }
}
