/** Why a datagram was not passed on. `docs/operations.md` says what each means. */
export const DROP_REASONS = [
  'denied',
  'no-backend',
  'backend-full',
  'sessions',
  'sessions-per-client',
  'queue',
  'bandwidth',
  'too-large',
  'send-failed',
  'draining',
  'internal-error',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What an open connection or session has passed on so far. */
export interface Carried {
  readonly bytesFromClient: number;
  readonly bytesFromBackend: number;
  readonly datagramsFromClient: number | null;
  readonly datagramsFromBackend: number | null;
}

/** Sums of `Carried`. */
export interface Traffic {
  bytesFromClients: number;
  bytesFromBackends: number;
  datagramsFromClients: number;
  datagramsFromBackends: number;
}

/** Counts of one TCP or UDP listener. They outlive reloads that keep the listener's name. */
export class ConnectionCounters {
  /** Connections or sessions that a service took on, those that it denied included. */
  accepted = 0;
  /** Turned away by a limit, or for their PROXY header or TLS handshake. */
  refused = 0;
  /** By a plugin or a rule. */
  denied = 0;
  readonly drops = new Map<DropReason, number>();
  readonly #open = new Set<Carried>();
  readonly #ended: Traffic = noTraffic();

  get open(): number {
    return this.#open.size;
  }

  begin(connection: Carried): void {
    this.accepted += 1;
    this.#open.add(connection);
  }

  end(connection: Carried): void {
    if (this.#open.delete(connection)) add(this.#ended, connection);
  }

  countDrop(reason: DropReason): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1);
  }

  /** Of all connections so far; those that are open are asked one by one, so that passing bytes on costs no second count. */
  traffic(): Traffic {
    const sum = { ...this.#ended };
    for (const connection of this.#open) add(sum, connection);
    return sum;
  }
}

function noTraffic(): Traffic {
  return { bytesFromClients: 0, bytesFromBackends: 0, datagramsFromClients: 0, datagramsFromBackends: 0 };
}

function add(sum: Traffic, connection: Carried): void {
  sum.bytesFromClients += connection.bytesFromClient;
  sum.bytesFromBackends += connection.bytesFromBackend;
  sum.datagramsFromClients += connection.datagramsFromClient ?? 0;
  sum.datagramsFromBackends += connection.datagramsFromBackend ?? 0;
}
