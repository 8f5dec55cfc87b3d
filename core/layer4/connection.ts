import type { Client } from '../shared/client.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { Priority } from '../shared/priority.ts';
import type { ConnectDecision, RuleConnection } from '../shared/rule-script.ts';
import type { SchedulerKey } from '../shared/scheduler-key.ts';
import type { ConnectionTls } from '../shared/tls-info.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { PlaceInLine, PlaceSeeker } from '../upstreams/queue/place-in-line.ts';
import type { PickedBy } from '../upstreams/traffic-window.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { connectionKey, type KeyedConnection } from './connection-key.ts';
import type { FinishingConnection } from './finish-connection.ts';
import type { TcpService } from './tcp-service.ts';

/** One TCP connection of a client and what becomes of it. Only `connection-path.ts` and what its steps are made of write to it. */
export class Connection implements FinishingConnection, PlaceSeeker, RuleConnection, KeyedConnection {
  /** That of the newest snapshot with its listener, once it is joined to a backend. */
  service: TcpService;
  readonly client: Client;
  readonly startMs = performance.now();
  readonly datagramsFromClient = null;
  readonly datagramsFromBackend = null;
  /** What is known of its TLS, ended here or only looked at; null: nothing. */
  connectionTls: ConnectionTls | null = null;
  /** What the `connect` handler gets to see of its first bytes, in Latin-1; null: it has not asked. */
  bytes: string | null = null;
  decision: ConnectDecision | null = null;
  /** When the handler first asked for first bytes; null: it has not. */
  inspectedMs: number | null = null;
  ruleMs: number | null = null;
  upstream: Upstream | null = null;
  /** Of the first packet of a Remote Desktop connection, where a scheduler goes by it. */
  cookie: string | null = null;
  pickedBy: PickedBy = 'scheduler';
  tried: AddressBackend[] = [];
  lastBackend: AddressBackend | null = null;
  attempts = 0;
  /** Those at upstreams before its present one. */
  attemptsElsewhere = 0;
  placeInLine: PlaceInLine | null = null;
  queueMs: number | null = null;
  placedMs = 0;
  connectedMs = 0;
  error: ProxyError | null = null;
  /** Where the bytes are counted once both ends are joined. */
  traffic: { readonly bytesFromClient: number; readonly bytesFromBackend: number } | null = null;

  constructor(service: TcpService, client: Client) {
    this.service = service;
    this.client = client;
  }

  get listener(): string {
    return this.service.config.name;
  }

  get protocol(): 'tcp' | 'tls' {
    return this.service.config.protocol;
  }

  get clientAddress(): string {
    return this.client.address;
  }

  get clientPort(): number {
    return this.client.port;
  }

  get localAddress(): string {
    return this.client.localAddress;
  }

  get localPort(): number {
    return this.client.localPort;
  }

  get tls(): string {
    return this.connectionTls === null ? '' : JSON.stringify(this.connectionTls);
  }

  get serverName(): string | null {
    return this.connectionTls?.serverName ?? null;
  }

  get bytesFromClient(): number {
    return this.traffic?.bytesFromClient ?? 0;
  }

  get bytesFromBackend(): number {
    return this.traffic?.bytesFromBackend ?? 0;
  }

  get attemptsHere(): number {
    return this.attempts - this.attemptsElsewhere;
  }

  get priority(): Priority {
    return (this.decision?.kind === 'forward' ? this.decision.priority : undefined) ?? 'normal';
  }

  onWaited(ms: number): void {
    this.queueMs = (this.queueMs ?? 0) + ms;
  }

  keyFor(wanted: SchedulerKey): string | undefined {
    return connectionKey(this, wanted);
  }

  rdpCookie(): string | null {
    return this.cookie;
  }
}
