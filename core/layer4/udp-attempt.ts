import { constants } from 'node:os';
import type { ProxyError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import { UdpSocket, type SendResult, type UdpSocketOwner } from '../shared/udp-socket.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import { circuitAnswered, circuitBegin, circuitFailed, circuitLeft } from '../upstreams/circuit-events.ts';
import type { Ejection } from '../upstreams/health.ts';
import { noteAnswer, noteAttempt, noteEnd, noteFailure } from '../upstreams/passive-checks.ts';
import { placesChanged } from '../upstreams/queue/waiting-queue.ts';
import type { PickedBy } from '../upstreams/traffic-window.ts';
import type { Upstream } from '../upstreams/upstream.ts';

/** Hears what comes from the backend of an attempt. */
export interface UdpAttemptOwner {
  readonly service: { readonly log: Pick<Logger, 'warn'> };
  onReply(attempt: UdpAttempt, data: Buffer): void;
  /** ICMP says that nobody listens there, or that there is no way to it. `errno`: below 0. */
  onUnreachable(attempt: UdpAttempt, errno: number): void;
}

/**
 * What a session is to its backend: a socket of its own, and one request in the backend's counters and passive checks, whose
 * answer is the first datagram that comes back.
 */
export class UdpAttempt implements UdpSocketOwner {
  isAnswered = false;
  /** Replaced by the same one of the next snapshot. */
  backend: AddressBackend;
  readonly #owner: UdpAttemptOwner;
  /** There is nothing to choose from where there is one backend only. */
  readonly #isChecked: boolean;
  #socket: UdpSocket | null = null;
  #beganMs = 0;
  #circuitTicket = 0;
  #hasFailed = false;

  constructor(owner: UdpAttemptOwner, { backends, nested }: Upstream, backend: AddressBackend) {
    this.#owner = owner;
    this.#isChecked = backend.settings.passiveHealth !== null && backends.length + nested.length > 1;
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

  /** Counts it. */
  begin(pickedBy: PickedBy): void {
    const { runtime } = this.backend;
    this.#beganMs = performance.now();
    runtime.inFlight += 1;
    this.countRequest(pickedBy, this.#beganMs);
    if (this.#isChecked) noteAttempt(runtime);
    this.#circuitTicket = circuitBegin(this.backend);
  }

  /** One more that was scheduled here by itself. */
  countRequest(pickedBy: PickedBy, nowMs: number): void {
    const { runtime } = this.backend;
    runtime.requests += 1;
    runtime.traffic.count(pickedBy, nowMs);
  }

  send(data: Buffer): SendResult {
    return this.#socket === null ? 'no-room' : this.#socket.send(data);
  }

  onDatagram(_socket: UdpSocket, data: Buffer): void {
    if (!this.isAnswered) this.#answered();
    this.#owner.onReply(this, data);
  }

  onSocketError(_socket: UdpSocket, errno: number): void {
    this.#owner.onUnreachable(this, errno);
  }

  #answered(): void {
    this.isAnswered = true;
    const { backend } = this;
    const { passiveHealth } = backend.settings;
    const nowMs = performance.now();
    // A datagram has no status: whoever answers is well.
    backend.runtime.recordAnswer(200, this.#beganMs, nowMs);
    if (this.#isChecked && passiveHealth !== null)
      this.#report(noteAnswer(backend.runtime, passiveHealth, 200, nowMs));
    circuitAnswered(backend, this.#circuitTicket, nowMs);
  }

  /** It is held against the backend. */
  fail(error: ProxyError): void {
    const { backend } = this;
    const { passiveHealth } = backend.settings;
    const nowMs = performance.now();
    this.#hasFailed = true;
    backend.runtime.errors += 1;
    if (this.#isChecked && passiveHealth !== null)
      this.#report(noteFailure(backend.runtime, passiveHealth, error.message, nowMs));
    circuitFailed(backend, this.#circuitTicket, nowMs);
    this.#circuitTicket = 0;
  }

  /** It is over, whatever came of it: once for each that began. */
  leave(): void {
    const { backend } = this;
    const isWhole = this.isAnswered && !this.#hasFailed;
    backend.runtime.inFlight -= 1;
    if (this.#isChecked) noteEnd(backend.runtime, isWhole);
    circuitLeft(backend, this.#circuitTicket, isWhole);
    placesChanged();
    this.#socket?.close();
  }

  #report(ejection: Ejection | null): void {
    if (ejection === null) return;
    const { settings, addressText } = this.backend;
    const { forMs, reason } = ejection;
    this.#owner.service.log.warn(
      { upstream: settings.name, backend: addressText, reason, forMs },
      'a backend is left out for a while',
    );
  }
}
