import { ClientConnection, type ClientConnectionOwner } from '../http1/client-connection.ts';
import type { OpeningSocket } from '../http1/open-socket.ts';
import type { UpstreamConfig } from '../shared/config-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { Wanted } from './connections.ts';

/** The HTTP/1.1 connections to one backend. */
export class ConnectionPool implements ClientConnectionOwner {
  readonly deadlines: Deadlines;
  readonly #open: (preface: string | null) => OpeningSocket;
  readonly #all = new Set<ClientConnection>();
  readonly #idle: ClientConnection[] = [];
  /** Those that come about ahead of any exchange. */
  readonly #warming = new Set<ClientConnection>();
  #maxIdle = 0;
  #retired = false;

  constructor(open: (preface: string | null) => OpeningSocket, deadlines: Deadlines) {
    this.#open = open;
    this.deadlines = deadlines;
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /**
   * Takes an idle connection, the one used last first, or opens one.
   * @param preface what a new connection begins with, which makes it one client's alone; null: nothing
   * @param others connections to the backend besides these
   * @returns null when there are as many as there may be
   */
  acquire(config: UpstreamConfig, { fresh, preface }: Wanted, others: number): ClientConnection | null {
    this.#maxIdle = config.connections.maxIdle;
    if (!fresh && preface === null) {
      const idle = this.#takeIdle();
      if (idle !== undefined) return idle;
    }
    if (preface === null) {
      for (const warming of this.#warming) {
        // It will be there sooner than another one.
        this.#warming.delete(warming);
        return warming;
      }
    }
    const { max } = config.connections;
    if (max !== null && this.#all.size + others >= max) {
      // A fresh connection may take the place of an idle one.
      const idle = this.#idle.pop();
      if (idle === undefined) return null;
      idle.destroy();
      this.#all.delete(idle);
    }
    return this.adopt(this.#open(preface), config);
  }

  #takeIdle(): ClientConnection | undefined {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle?.isSpent !== true) return idle;
      idle.destroy();
    }
  }

  /** Opens one ahead of any exchange. */
  warmUp(config: UpstreamConfig): void {
    this.#maxIdle = config.connections.maxIdle;
    this.#warming.add(this.adopt(this.#open(null), config));
  }

  /** Makes a connection of a socket that was opened elsewhere. */
  adopt(opening: OpeningSocket, config: UpstreamConfig): ClientConnection {
    const connection = new ClientConnection(opening, config, this);
    this.#all.add(connection);
    return connection;
  }

  onReusable(connection: ClientConnection): void {
    this.#warming.delete(connection);
    if (connection.preface !== null || this.#retired || this.#idle.length >= this.#maxIdle)
      connection.destroy();
    else this.#idle.push(connection);
  }

  onClosed(connection: ClientConnection): void {
    this.#all.delete(connection);
    this.#warming.delete(connection);
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
