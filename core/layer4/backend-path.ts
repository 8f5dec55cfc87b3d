import type { Socket } from 'node:net';
import { nextToAsk } from '../forward/next-to-ask.ts';
import { afterFailure } from '../forward/retry.ts';
import { Splice, type SpliceEndReason, type SpliceOwner } from '../forward/splice.ts';
import type { TcpDial, TcpDialOwner } from '../forward/tcp.ts';
import type { OpeningSocket } from '../http1/open-socket.ts';
import { reset } from '../shared/reset.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import { ProxyError } from '../shared/errors.ts';
import type { SocketInput } from '../shared/socket-input.ts';
import type { AddressBackend, BackendRuntime } from '../upstreams/backend.ts';
import { placeOrLine, type PlaceTaker } from '../upstreams/queue/place-in-line.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { BackendUse } from './backend-use.ts';
import type { EndReason } from './connection-entry.ts';
import type { Connection } from './connection.ts';
import { finishConnection } from './finish-connection.ts';
import { FirstBytes } from './first-bytes.ts';
import type { OpenConnection } from './open-connections.ts';
import type { TcpService } from './tcp-service.ts';

/** Who accepted the connection: the listener. */
export interface ConnectionPathOwner {
  readonly deadlines: Deadlines;
  /** Of the newest snapshot. */
  readonly service: TcpService;
  /** Whether plugins let a client in of which the ClientHello was read, or what it sent in the place of one. */
  allowsHello(connection: Connection): boolean;
  onConnectionOver(connection: Connection): void;
}

/** The second part of the path of a connection (`connection-path.ts`): from the upstream where it goes to its end. */
export abstract class BackendPath implements PlaceTaker, TcpDialOwner, SpliceOwner, OpenConnection, Timed {
  readonly connection: Connection;
  /** When it has to be over although there is no backend yet; 0: its listener stays. */
  deadlineMs = 0;
  protected readonly owner: ConnectionPathOwner;
  protected readonly first: FirstBytes;
  readonly #socket: Socket;
  readonly #input: SocketInput;
  #use: BackendUse | null = null;
  #dial: TcpDial | null = null;
  #splice: Splice | null = null;
  #isOver = false;
  readonly #onGone = (): void => this.#endWithReset('client-reset');

  /** `socket`: paused, half-open allowed. `input`: what it reads. */
  constructor(connection: Connection, socket: Socket, input: SocketInput, owner: ConnectionPathOwner) {
    this.connection = connection;
    this.owner = owner;
    this.first = new FirstBytes(socket, input, owner.deadlines);
    this.#socket = socket;
    this.#input = input;
    socket.on('error', ignore); // 'close' follows
    socket.once('close', this.#onGone);
  }

  /** Our port, also where a proxy says that its client connected to another one; 0 for a Unix socket. */
  get acceptedAt(): number {
    return this.#socket.localPort ?? 0;
  }

  get seeker(): Connection {
    return this.connection;
  }

  /** A bug of ours costs this connection, and no other one. */
  protected try(step: () => void): void {
    try {
      step();
    } catch (cause) {
      this.fail(new ProxyError('internal-error', 'proxy', 'a bug in Tidegate', { cause }));
    }
  }

  // 6. Pick: the client's own backend, or the scheduler's; after a failure (`error`) one that was not tried yet.
  protected pick(upstream: Upstream, error: ProxyError | null = null): void {
    const { connection } = this;
    const own = connection.attemptsHere === 0 ? this.#stickyBackend(upstream) : undefined;
    const backend = placeOrLine(this, upstream, own);
    if (backend instanceof ProxyError) return this.#fallBack(upstream, error ?? backend);
    if (backend !== null) return this.#attempt(backend);
    this.#listen();
  }

  #stickyBackend({ sticky }: Upstream): AddressBackend | undefined {
    // The other kinds go by cookies.
    if (sticky === null || sticky.type !== 'source') return undefined;
    const backend = sticky.pick(this.connection.client.address);
    if (backend !== undefined) this.connection.pickedBy = 'session';
    return backend;
  }

  onLineLeft(upstream: Upstream, place: AddressBackend | ProxyError): void {
    this.try(() => {
      if (place instanceof ProxyError) this.#fallBack(upstream, place);
      else this.#attempt(place);
    });
  }

  /** To the upstream that stands in for this one. */
  #fallBack({ config, budget }: Upstream, error: ProxyError): void {
    const { connection } = this;
    const next = config.fallback === null ? undefined : connection.service.upstreams.get(config.fallback);
    if (next === undefined) return this.fail(error);
    budget.fallbacks += 1;
    connection.upstream = next;
    connection.attemptsElsewhere = connection.attempts;
    connection.pickedBy = 'scheduler';
    next.budget.countRequest(performance.now());
    this.pick(next, error);
  }

  /** Where it takes longer, a client that has gone is to make room. Not from the start: most backends are there before anything could be heard. */
  #listen(): void {
    this.first.listen(this.connection.service.config.limits.inspectBytes);
  }

  // 7. Attempt: a connection to the backend. As long as there is none, nothing of the client's is lost, and another backend may do.
  #attempt(backend: AddressBackend): void {
    const { connection } = this;
    const { upstream, service } = connection;
    if (upstream === null) return;
    connection.tried.push(backend);
    connection.lastBackend = backend;
    connection.attempts += 1;
    const pickedBy = connection.attemptsHere > 1 ? 'other' : connection.pickedBy;
    this.#use = new BackendUse(upstream, backend, pickedBy, connection.placedMs, service.log);
    this.#dial = service.dialer.dial(backend, connection.client, this);
  }

  onDialFailed(error: ProxyError): void {
    this.try(() => {
      const { upstream, attemptsHere } = this.connection;
      this.#dial = null;
      this.#use?.failed(error);
      this.#leaveBackend();
      if (upstream === null) return;
      this.#listen();
      const { retries } = upstream.config;
      const decision = afterFailure({
        error,
        method: '',
        attempts: attemptsHere,
        retries,
        bodyIsGone: false,
        reusedConnection: false,
      });
      if (decision === 'give-up') return this.fail(error);
      if (decision === 'another-backend') {
        const isPossible =
          upstream.candidates().length > 0 && upstream.budget.take(retries.budget, performance.now());
        return isPossible ? this.pick(upstream, error) : this.#fallBack(upstream, error);
      }
      const next = decision === 'pass-over' ? nextToAsk(this.connection, upstream, error) : undefined;
      if (next === undefined) this.#fallBack(upstream, error);
      else this.#attempt(next);
    });
  }

  // 8. Splice: bytes pass in both directions until both ends are done.
  onConnected({ socket, input }: OpeningSocket): void {
    const { connection, owner } = this;
    const { config, connections } = connection.service;
    this.#dial = null;
    connection.connectedMs = performance.now();
    this.#use?.reached(connection.connectedMs);
    this.#leaveSocket();
    const splice = new Splice(this.#socket, socket, config, connection.startMs, this);
    this.#splice = splice;
    connection.traffic = splice;
    owner.deadlines.add(splice);
    if (this.deadlineMs !== 0) splice.leave(this.deadlineMs);
    connections.add(this);
    // A connection may last for days; what was looked at is not kept for so long.
    connection.bytes = null;
    splice.open(this.#input, input, this.first.take());
    this.adopt(owner.service);
  }

  get backend(): BackendRuntime {
    if (this.#use === null) throw new Error('a connection without a backend');
    return this.#use.backend.runtime;
  }

  /** A reload has brought the listener's service of a newer snapshot, so that the old one can be let go of; a listener of another name counts its own. */
  adopt(service: TcpService): void {
    const { connection } = this;
    if (this.#splice === null || this.#isOver || connection.service.counters !== service.counters) return;
    service.usage.enter();
    connection.service.usage.leave();
    connection.service = service;
  }

  /**
   * Its listener or backend goes away: it may go on for `drainTimeout`.
   * @param endMs when it has to be over, on the clock of performance.now()
   */
  leave(endMs: number): void {
    if (this.#splice !== null) return this.#splice.leave(endMs);
    this.deadlineMs = Math.min(performance.now() + this.connection.service.config.drainTimeoutMs, endMs);
    this.owner.deadlines.add(this);
  }

  onDeadline(): void {
    this.destroy();
  }

  onSpliceEnd(reason: SpliceEndReason): void {
    if (this.#splice !== null) this.owner.deadlines.delete(this.#splice);
    if (reason === 'backend-reset') this.#use?.brokenOff();
    this.#end(reason);
  }

  // 9. End: every connection comes here exactly once.

  protected deny(): void {
    this.#endWithReset('denied');
  }

  protected fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.connection.error = error;
    this.#endWithReset('failed');
  }

  /** It never is: the backend may be the one to speak first. */
  closeIfIdle(): void {}

  /** Ends it at once. */
  destroy(): void {
    if (this.#splice === null) this.#endWithReset('drained');
    else this.#splice.destroy();
  }

  /** Nothing has passed: the client is not to take the end for that of a conversation. */
  #endWithReset(reason: EndReason): void {
    if (this.#isOver) return;
    this.#leaveSocket();
    this.#dial?.abort();
    this.connection.placeInLine?.leave();
    reset(this.#socket);
    this.#end(reason);
  }

  #leaveSocket(): void {
    this.first.leave();
    this.owner.deadlines.delete(this);
    this.#socket.off('close', this.#onGone);
  }

  #leaveBackend(): void {
    this.#use?.leave();
    this.#use = null;
  }

  #end(reason: EndReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#splice !== null) this.connection.service.connections.delete(this);
    this.#leaveBackend();
    finishConnection(this.connection, reason);
    this.owner.onConnectionOver(this.connection);
  }
}

function ignore(): void {}
