import type { Client } from '../shared/client.ts';
import type { DatagramBandwidth } from '../shared/datagram-bandwidth.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import { ProxyError } from '../shared/errors.ts';
import { udpFailure } from '../shared/udp-errors.ts';
import type { UdpSocket } from '../shared/udp-socket.ts';
import type { DropReason } from './connection-counters.ts';
import type { EndReason } from './connection-entry.ts';
import type { DescriptorBudget, DescriptorHolder } from './descriptor-budget.ts';
import { countConnection, finishConnection } from './finish-connection.ts';
import type { UdpAttempt } from './udp-attempt.ts';
import { SessionBackends } from './udp-backends.ts';
import { dropReasonOf, notSent } from './udp-drops.ts';
import { ownWay, pickBackend, wayThrough } from './udp-pick.ts';
import { placeSession } from './udp-place.ts';
import { tableLimits, type UdpService } from './udp-service.ts';
import { UdpSession, type UdpSessionOwner } from './udp-session.ts';
import { UdpSessionTable } from './udp-session-table.ts';
import { SessionSweep } from './udp-sweep.ts';

/** How late the end of a session may be. */
const TICK_MS = 100;
/** Backends that one datagram is offered to, as long as none of them can be reached. */
const MAX_TRIES = 3;

export interface DatagramPathOptions {
  readonly deadlines: Deadlines;
  readonly descriptors: DescriptorBudget;
  readonly bandwidth: DatagramBandwidth;
  /** As plugins, rules and logs are to see who has sent to a socket. */
  readonly clientOf: (address: string, port: number, socket: UdpSocket) => Client;
  /** Whether the `connect` hooks of the listener's plugins let a client in. */
  readonly allows: (service: UdpService, client: Client) => boolean;
}

/**
 * The path of every datagram of a UDP listener, top to bottom:
 *
 *   1 arrive → (2 plugins → 3 rule and upstream → 4 pick → 5 a place in the table: for a new session only)
 *   → 6 backend → 7 send; 8 reply; 9 end
 *
 * A datagram that leaves it on the way is dropped, and counted with the reason. There is one object of this class for each
 * listener in each worker, and whatever it holds is in its table.
 */
export class DatagramPath implements UdpSessionOwner, DescriptorHolder, Timed {
  deadlineMs = performance.now() + TICK_MS;
  #service: UdpService;
  readonly #options: DatagramPathOptions;
  readonly #table: UdpSessionTable<UdpSession>;
  readonly #backends: SessionBackends;
  readonly #sweep = new SessionSweep();
  /** null: it serves. */
  #drain: { readonly endMs: number; readonly takesNew: boolean; readonly onEmpty: () => void } | null = null;

  constructor(service: UdpService, options: DatagramPathOptions) {
    this.#service = service;
    this.#options = options;
    this.#table = new UdpSessionTable(tableLimits(service));
    this.#backends = new SessionBackends(options.descriptors, (session) => this.#evictFor(session));
    options.deadlines.add(this);
    options.descriptors.add(this);
  }

  // 1. Arrive: from a client that is known, or that is new.
  arrive(socket: UdpSocket, address: string, port: number, data: Buffer): void {
    try {
      this.#arrive(socket, address, port, data);
    } catch (error) {
      this.#bug(error);
    }
  }

  #arrive(socket: UdpSocket, address: string, port: number, data: Buffer): void {
    const nowMs = performance.now();
    const key = `${address} ${port} ${socket.localAddress} ${socket.localPort}`;
    const known = this.#service.config.sticky ? this.#table.find(key) : undefined;
    if (known !== undefined) return this.#goOn(known, data, nowMs);
    if (this.#drain?.takesNew === false || !socket.takesNew) return this.#drop('draining');
    const client = this.#options.clientOf(address, port, socket);
    this.#begin(new UdpSession(key, this.#service, client, { socket, address, port }, this, nowMs), data);
  }

  #begin(session: UdpSession, data: Buffer): void {
    const { service, client } = session;
    const { sticky } = service.config;
    if (sticky && this.#table.isFullFor(client.address)) return this.#refuse('sessions-per-client');

    // 2. Plugins: their `connect` hooks.
    if (!this.#options.allows(service, client)) return this.#turnAway(session, 'denied', 'denied');

    // 3. Rule and upstream: what the script says, else the listener's own upstream.
    const upstream = placeSession(session, data);
    if (upstream === 'denied') return this.#turnAway(session, 'denied', 'denied');
    if (upstream instanceof ProxyError) return this.#fail(session, upstream);
    session.placedAt = upstream;
    session.placedMs = performance.now();

    // 4. Pick: by the client, or as the scheduler has it.
    const picked = pickBackend(session);
    const backend = picked instanceof ProxyError ? (wayThrough(session, this.#table) ?? picked) : picked;
    if (backend instanceof ProxyError) return this.#fail(session, backend);
    session.picked = backend;
    if (sticky) return this.#add(session, data);

    // Every datagram for itself: the session is only the way back from one backend.
    session.key = ownWay(session, backend);
    const known = this.#table.find(session.key);
    if (known === undefined) return this.#add(session, data);
    known.attempt?.countAnother(session.placedMs);
    this.#goOn(known, data, session.startMs);
  }

  // 5. A place in the table: where there is none, that of the session which has been idle for the longest.
  #add(session: UdpSession, data: Buffer): void {
    const admission = this.#table.admit(session.clientAddress);
    if (admission.kind === 'refuse') return this.#refuse(admission.reason);
    if (admission.kind === 'evict') this.#end(admission.entry, 'evicted');
    countConnection(session);
    this.#table.add(session);
    this.#send(session, data);
    // If that went nowhere, it may be gone when the next one comes.
    session.picked = null;
  }

  #goOn(session: UdpSession, data: Buffer, nowMs: number): void {
    this.#table.touch(session, nowMs);
    const { attempt } = session;
    if (attempt?.isAnswered === true) this.#table.establish(session);
    if (attempt?.backend.isUp === false) this.#backends.leave(session, attempt);
    this.#send(session, data);
  }

  // 6. Backend: the session's own as long as it can be reached, else another one.
  #send(session: UdpSession, data: Buffer): void {
    if (!this.#options.bandwidth.admitsFromClient(session, data.length)) return this.#drop('bandwidth');
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const attempt = session.attempt ?? this.#backends.connect(session);
      if (typeof attempt === 'string') return this.#drop(attempt);
      if (attempt !== null && this.#sendOver(session, attempt, data)) return;
    }
    this.#drop('no-backend');
  }

  #evictFor(session: UdpSession): void {
    if (this.#options.descriptors.displace(this, session.isEstablished ? 0 : 1)) return;
    if (this.#table.oldest() !== session) this.displace();
  }

  get unestablished(): number {
    return this.#table.unestablished;
  }

  displace(): void {
    const oldest = this.#table.oldest();
    if (oldest !== null) this.#end(oldest, 'evicted');
  }

  // 7. Send: without waiting for room.
  /** @returns false: the backend can not be reached */
  #sendOver(session: UdpSession, attempt: UdpAttempt, data: Buffer): boolean {
    const result = attempt.send(data);
    if (typeof result === 'number' && udpFailure(result) === 'unreachable') {
      // Of a datagram before this one, which was not sent.
      this.#backends.unreachable(session, attempt, result);
      return false;
    }
    const reason = notSent(result);
    if (reason !== null) {
      this.#drop(reason);
      return true;
    }
    session.bytesFromClient += data.length;
    session.datagramsFromClient += 1;
    const { datagrams } = this.#service.config;
    if (datagrams === null || session.datagramsFromClient < datagrams) return true;
    session.isFull = true;
    this.#table.hide(session);
    return true;
  }

  /** The next datagram goes to another backend. */
  onUnreachable(session: UdpSession, attempt: UdpAttempt, errno: number): void {
    this.#backends.unreachable(session, attempt, errno);
  }

  // 8. Reply: from the address that the client has sent to.
  onReply(session: UdpSession, attempt: UdpAttempt, data: Buffer): void {
    try {
      if (session.attempt === attempt) this.#reply(session, data);
    } catch (error) {
      this.#bug(error);
    }
  }

  #reply(session: UdpSession, data: Buffer): void {
    session.error = null;
    session.tried.length = 0;
    this.#table.touch(session, performance.now());
    if (!this.#options.bandwidth.admitsToClient(session, data.length)) return this.#drop('bandwidth');
    const { socket, address, port } = session.path;
    const reason = notSent(socket.sendTo(data, address, port));
    if (reason !== null) return this.#drop(reason);
    session.bytesFromBackend += data.length;
    session.datagramsFromBackend += 1;
    const { responses } = this.#service.config;
    if (responses !== null && session.datagramsFromBackend >= responses * session.datagramsFromClient)
      this.#end(session, 'responses');
  }

  // 9. End: one log entry for each session, and every counter comes down again.
  #end(session: UdpSession, reason: EndReason): void {
    if (!session.isIn) return;
    this.#table.remove(session);
    this.#sweep.forget(session);
    if (session.attempt !== null) this.#backends.leave(session, session.attempt);
    finishConnection(session, reason);
    if (this.#table.size === 0) this.#drain?.onEmpty();
  }

  /** It gets no place. */
  #turnAway(session: UdpSession, dropped: DropReason, end: EndReason): void {
    this.#drop(dropped);
    countConnection(session);
    finishConnection(session, end);
  }

  #fail(session: UdpSession, error: ProxyError): void {
    session.error = error;
    this.#turnAway(session, dropReasonOf(error), 'failed');
  }

  #refuse(reason: DropReason): void {
    this.#service.counters.refused += 1;
    this.#drop(reason);
  }

  #drop(reason: DropReason): void {
    this.#service.counters.countDrop(reason);
  }

  /** Of ours: it must cost one datagram, and not the worker. */
  #bug(error: unknown): void {
    this.#drop('internal-error');
    const { log, config, loggedFailures } = this.#service;
    if (loggedFailures?.take() !== false)
      log.error({ err: error, listener: config.name }, 'a datagram was dropped for a bug of Tidegate');
  }

  /** Looks after what has become idle, or has to leave its backend. */
  onDeadline(): void {
    const nowMs = performance.now();
    this.deadlineMs = nowMs + TICK_MS;
    const idleMs = nowMs - this.#service.config.timeouts.idleMs;
    for (let idle = this.#table.idleSince(idleMs); idle !== null; idle = this.#table.idleSince(idleMs))
      this.#end(idle, idle.endWhenIdle);
    this.#sweep.look(this.#table, this.#service, nowMs);
    for (const session of this.#sweep.due(nowMs)) this.#end(session, 'drained');
    if (this.#drain !== null && nowMs >= this.#drain.endMs) this.endAll('drained');
  }

  /** Sessions keep their backends, and go by the new service from now on. */
  update(service: UdpService): void {
    for (const session of this.#table.entries()) session.moveTo(service);
    this.#service = service;
    this.#table.limits = tableLimits(service);
    for (let excess = this.#table.excess(); excess !== null; excess = this.#table.excess())
      this.#end(excess, 'evicted');
    this.#sweep.lookAgain();
    this.#sweep.look(this.#table, service, performance.now());
  }

  /**
   * Sessions may go on until `endMs` (of performance.now()); resolves when the last one has ended. `takesNew`: new ones begin
   * meanwhile, for nobody else would be sent their datagrams.
   */
  drain(endMs: number, takesNew: boolean): Promise<void> {
    return new Promise((resolve) => {
      const onEmpty = (): void => {
        this.#options.deadlines.delete(this);
        this.#options.descriptors.delete(this);
        resolve();
      };
      this.#drain = { endMs, takesNew, onEmpty };
      if (this.#table.size === 0) onEmpty();
    });
  }

  /** What began at `socket` goes on at `heir`, which has the same address; null: it ends. */
  leaveSocket(socket: UdpSocket, heir: UdpSocket | null): void {
    for (const session of this.#table.entries()) {
      if (session.path.socket !== socket) continue;
      if (heir === null) this.#end(session, 'drained');
      else session.path.socket = heir;
    }
  }

  endAll(reason: EndReason): void {
    for (const session of this.#table.entries()) this.#end(session, reason);
  }
}
