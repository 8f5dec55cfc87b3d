import { constants } from 'node:os';
import type { ProxyError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { UdpSocket, type SendResult, type UdpSocketOwner } from '../shared/udp-socket.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { PickedBy } from '../upstreams/traffic-window.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { BackendUse } from './backend-use.ts';

/** Hears what comes from the backend of an attempt. */
export interface UdpAttemptOwner {
  readonly service: { readonly log: Pick<Logger, 'warn'> };
  onReply(attempt: UdpAttempt, data: Buffer): void;
  /** ICMP says that nobody listens there, or that there is no way to it. `errno`: below 0. */
  onUnreachable(attempt: UdpAttempt, errno: number): void;
}

/** What a session has of its backend: a socket of its own, and a place in its counters, where the first datagram that comes back is a success. */
export class UdpAttempt implements UdpSocketOwner {
  isAnswered = false;
  /** Replaced by the same one of the next snapshot. */
  backend: AddressBackend;
  readonly #owner: UdpAttemptOwner;
  #socket: UdpSocket | null = null;
  #use: BackendUse | null = null;

  constructor(owner: UdpAttemptOwner, backend: AddressBackend) {
    this.#owner = owner;
    this.backend = backend;
  }

  /** `port`: that the client sent to. @returns 0, or why there is no socket: an errno, below 0 */
  connect(port: number, maxQueuedBytes: number): number {
    const { address, settings } = this.backend;
    // Where a rule forwards to; of the listener's own upstream the config knows.
    if (address.kind === 'unix') return -constants.errno.EAFNOSUPPORT;
    // `localhost` is this machine, and no handshake tells which family somebody listens on.
    const host = address.ip ?? (address.host === 'localhost' ? '127.0.0.1' : address.host);
    const socket = UdpSocket.connect(
      host,
      settings.port === 'listener' ? port : address.port,
      this,
      maxQueuedBytes,
    );
    if (typeof socket === 'number') return socket;
    this.#socket = socket;
    return 0;
  }

  /** Counts it in; `leave` takes that back. */
  begin(upstream: Upstream, pickedBy: PickedBy, placedMs: number): void {
    this.#use = new BackendUse(upstream, this.backend, pickedBy, placedMs, this.#owner.service.log);
  }

  /** One more datagram that was scheduled here by itself. */
  countAnother(nowMs: number): void {
    const { runtime } = this.backend;
    runtime.requests += 1;
    runtime.traffic.count('scheduler', nowMs);
  }

  send(data: Buffer): SendResult {
    return this.#socket === null ? 'no-room' : this.#socket.send(data);
  }

  onDatagram(_socket: UdpSocket, data: Buffer): void {
    if (!this.isAnswered) {
      this.isAnswered = true;
      this.#use?.reached(performance.now());
    }
    this.#owner.onReply(this, data);
  }

  onSocketError(_socket: UdpSocket, errno: number): void {
    this.#owner.onUnreachable(this, errno);
  }

  /** It is held against the backend. */
  fail(error: ProxyError): void {
    this.#use?.failed(error);
  }

  /** It is over, whatever came of it: once for each that began. */
  leave(): void {
    this.#use?.leave();
    this.#socket?.close();
  }
}
