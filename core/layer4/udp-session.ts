import type { Client } from '../shared/client.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { ConnectDecision } from '../shared/rule-script.ts';
import type { SchedulerKey } from '../shared/scheduler-key.ts';
import type { UdpSocket } from '../shared/udp-socket.ts';
import type { AddressBackend, Backend } from '../upstreams/backend.ts';
import type { PickedBy } from '../upstreams/traffic-window.ts';
import type { KeySource, Upstream } from '../upstreams/upstream.ts';
import type { EndReason } from './connection-entry.ts';
import { connectionKey, type KeyedConnection } from './connection-key.ts';
import type { FinishingConnection } from './finish-connection.ts';
import type { UdpAttempt, UdpAttemptOwner } from './udp-attempt.ts';
import type { UdpService } from './udp-service.ts';
import { TableEntry } from './udp-session-table.ts';

/** Where a session's events go. */
export interface UdpSessionOwner {
  onReply(session: UdpSession, attempt: UdpAttempt, data: Buffer): void;
  onUnreachable(session: UdpSession, attempt: UdpAttempt, errno: number): void;
}

/** Where replies leave from, and where they go: as the socket names it. */
export interface ReplyPath {
  socket: UdpSocket;
  readonly address: string;
  readonly port: number;
}

/** One client at one address of a listener: all that is known of it, from its first datagram to its log entry. */
export class UdpSession
  extends TableEntry<UdpSession>
  implements FinishingConnection, KeyedConnection, KeySource, UdpAttemptOwner
{
  service: UdpService;
  readonly client: Client;
  readonly path: ReplyPath;
  readonly serverName = null;
  readonly queueMs = null;
  readonly connectedMs = 0;
  readonly startMs: number;
  placedMs = 0;
  ruleMs: number | null = null;
  decision: ConnectDecision | null = null;
  /** Where the rule or the listener has placed it. */
  placedAt: Upstream | null = null;
  /** That one, or another one that stands in for it. */
  upstream: Upstream | null = null;
  /** The scheduler's choice, before it is tried. */
  picked: AddressBackend | null = null;
  pickedBy: PickedBy = 'scheduler';
  /** null: the next datagram is to find a backend. */
  attempt: UdpAttempt | null = null;
  attempts = 0;
  lastBackend: AddressBackend | null = null;
  /** Backends that could not be reached since one has answered. */
  readonly tried: Backend[] = [];
  error: ProxyError | null = null;
  bytesFromClient = 0;
  bytesFromBackend = 0;
  datagramsFromClient = 0;
  datagramsFromBackend = 0;
  /** The client has sent as many datagrams as one session takes. */
  isFull = false;
  /** When it has to end because its backend is taken out, on the clock of performance.now(). */
  leaveMs = Number.POSITIVE_INFINITY;
  readonly #owner: UdpSessionOwner;

  constructor(
    key: string,
    service: UdpService,
    client: Client,
    path: ReplyPath,
    owner: UdpSessionOwner,
    nowMs: number,
  ) {
    super(key, client.address, nowMs);
    this.service = service;
    this.client = client;
    this.path = path;
    this.startMs = nowMs;
    this.#owner = owner;
  }

  get clientPort(): number {
    return this.client.port;
  }

  rdpCookie(): null {
    return null;
  }

  keyFor(wanted: SchedulerKey): string | undefined {
    return connectionKey(this, wanted);
  }

  /** Why it ends when nothing more comes. */
  get endWhenIdle(): EndReason {
    if (this.isFull) return 'datagrams';
    if (this.attempt !== null || this.error === null) return 'idle';
    return this.error.code === 'connect-failed' ? 'unreachable' : 'failed';
  }

  /** Goes by the next snapshot. */
  moveTo(service: UdpService): void {
    const before = this.service;
    this.service = service;
    service.usage.enter();
    if (service.counters !== before.counters) {
      before.counters.end(this);
      service.counters.begin(this);
    }
    before.usage.leave();
  }

  onReply(attempt: UdpAttempt, data: Buffer): void {
    this.#owner.onReply(this, attempt, data);
  }

  onUnreachable(attempt: UdpAttempt, errno: number): void {
    this.#owner.onUnreachable(this, attempt, errno);
  }
}
