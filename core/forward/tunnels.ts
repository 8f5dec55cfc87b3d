import type { TunnelEnd } from '../exchange/streams.ts';
import type { Client } from '../shared/client.ts';
import type { HttpListenerConfig } from '../shared/listener-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { BackendRuntime } from '../upstreams/backend.ts';
import { Tunnel, type TunnelEnding } from './tunnel.ts';

/** What a WebSocket hangs on: the client's connection and the backend. */
export interface TunnelParties {
  readonly peer: Client;
  readonly backend: BackendRuntime;
}

/** The open WebSockets of one worker. They outlive reloads. */
export class Tunnels {
  readonly #deadlines: Deadlines;
  readonly #open = new Map<Tunnel, TunnelParties>();
  /** Who goes away, and when that has to be over: a WebSocket may still be opened by a request that was under way. */
  readonly #leaving = new WeakMap<Client | BackendRuntime, number>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** Joins two ends until `onEnd`, which is called once. */
  join(
    client: TunnelEnd,
    backend: TunnelEnd,
    parties: TunnelParties,
    settings: HttpListenerConfig['webSocket'],
    onEnd: (ending: TunnelEnding) => void,
  ): void {
    const tunnel = new Tunnel(client, backend, settings, (ending) => {
      this.#open.delete(tunnel);
      this.#deadlines.delete(tunnel);
      onEnd(ending);
    });
    this.#open.set(tunnel, parties);
    this.#deadlines.add(tunnel);
    tunnel.open();
    this.#leaveWith(parties, tunnel);
  }

  /**
   * These go away: their WebSockets are closed after `drainTimeout`.
   * @param endMs when that has to be over, on the clock of performance.now()
   */
  leave(parties: Iterable<Client | BackendRuntime>, endMs = Number.POSITIVE_INFINITY): void {
    for (const party of parties) this.#leaving.set(party, endMs);
    for (const [tunnel, its] of this.#open) this.#leaveWith(its, tunnel);
  }

  /** These are there for new WebSockets again. Those that were told to leave still do. */
  stay(parties: Iterable<Client | BackendRuntime>): void {
    for (const party of parties) this.#leaving.delete(party);
  }

  #leaveWith({ peer, backend }: TunnelParties, tunnel: Tunnel): void {
    for (const party of [peer, backend]) {
      const endMs = this.#leaving.get(party);
      if (endMs !== undefined) tunnel.leave(endMs);
    }
  }
}
