import type { Socket } from 'node:net';
import { nextToAsk } from '../forward/next-to-ask.ts';
import { afterFailure } from '../forward/retry.ts';
import { Splice, type SpliceEndReason, type SpliceOwner } from '../forward/splice.ts';
import type { TcpDial, TcpDialOwner } from '../forward/tcp.ts';
import type { OpeningSocket } from '../http1/open-socket.ts';
import { reset } from '../http1/reset.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import { ProxyError } from '../shared/errors.ts';
import type { ConnectDecision } from '../shared/rule-script.ts';
import type { SocketInput } from '../shared/socket-input.ts';
import type { AddressBackend, BackendRuntime } from '../upstreams/backend.ts';
import { placeOrLine, type PlaceTaker } from '../upstreams/queue/place-in-line.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { BackendUse } from './backend-use.ts';
import type { EndReason } from './connection-entry.ts';
import type { Connection } from './connection.ts';
import { countConnection, finishConnection } from './finish-connection.ts';
import { FirstBytes, type FirstBytesOwner } from './first-bytes.ts';
import { refusedInspection } from './inspection.ts';
import type { OpenConnection } from './open-connections.ts';
import { readRdpCookie } from './rdp-cookie.ts';
import type { TcpService } from './tcp-service.ts';
import { readTlsHello } from './tls-hello.ts';

/** Who accepted the connection: the listener. */
export interface ConnectionPathOwner {
  readonly deadlines: Deadlines;
  /** Whether plugins let a client of TLS in, of which only the ClientHello was read. */
  allowsHello(connection: Connection): boolean;
  onConnectionOver(connection: Connection): void;
}

type Step = 'hello' | 'rule' | 'key' | null;

/**
 * The path of every TCP connection, top to bottom:
 *
 *   1 begin → 2 hello → 3 rule → 4 route → 5 key → 6 pick → 7 attempt → 8 splice → 9 end
 *
 * Steps 2, 3 and 5 may wait for first bytes of the client, which are held until step 8. Nothing of it is
 * read besides before there is a backend to send it to. There is one object of this class for each connection,
 * and `end` runs exactly once for it, whatever happens.
 */
export class ConnectionPath
  implements FirstBytesOwner, PlaceTaker, TcpDialOwner, SpliceOwner, OpenConnection
{
  readonly connection: Connection;
  readonly #socket: Socket;
  readonly #input: SocketInput;
  readonly #owner: ConnectionPathOwner;
  readonly #first: FirstBytes;
  /** What waits for first bytes. */
  #waiting: Step = null;
  #inspectEndMs = 0;
  #use: BackendUse | null = null;
  #dial: TcpDial | null = null;
  #splice: Splice | null = null;
  /** When it has to be over, since its listener goes away; null: it stays. */
  #leaveMs: number | null = null;
  #isOver = false;
  readonly #onGone = (): void => this.#endWithReset('client-reset');

  /** `socket`: paused, half-open allowed. `input`: what it reads. */
  constructor(connection: Connection, socket: Socket, input: SocketInput, owner: ConnectionPathOwner) {
    this.connection = connection;
    this.#socket = socket;
    this.#input = input;
    this.#owner = owner;
    this.#first = new FirstBytes(socket, input, owner.deadlines, this);
    socket.on('error', ignore); // 'close' follows
    socket.once('close', this.#onGone);
  }

  get seeker(): Connection {
    return this.connection;
  }

  // 1. Begin: count it in. `early`: what was read from it already.
  begin(early: Buffer | null): void {
    countConnection(this.connection);
    if (early !== null) this.#first.add(early);
    this.#try(() => this.#hello());
  }

  /** A bug of ours costs this connection, and no other one. */
  #try(step: () => void): void {
    try {
      step();
    } catch (cause) {
      this.#fail(new ProxyError('internal-error', 'proxy', 'a bug in Tidegate', { cause }));
    }
  }

  /** Waits for more first bytes, on behalf of `step`. */
  #waitFor(step: Step, bytes: number, timeoutMs: number): void {
    if (this.#waiting !== step || step === 'rule') this.#inspectEndMs = performance.now() + timeoutMs;
    this.#waiting = step;
    this.#first.waitFor(bytes, this.#inspectEndMs);
  }

  onFirstBytes(): void {
    const step = this.#waiting;
    this.#try(() => {
      if (step === 'hello') this.#hello();
      else if (step === 'rule') this.#rule();
      else if (step === 'key') this.#key();
    });
  }

  // 2. Hello: what the client asks for by TLS, which is not ended here.
  #hello(): void {
    const { service, connectionTls } = this.connection;
    const { sni, limits, timeouts } = service.config;
    if (!sni || connectionTls !== null) return this.#rule();
    const hello = readTlsHello(this.#first.bytes(), limits.inspectBytes);
    if (typeof hello === 'number' && !this.#first.isOver)
      return this.#waitFor('hello', hello, timeouts.inspectMs);
    if (hello !== null && typeof hello !== 'number') {
      this.connection.connectionTls = hello;
      if (!this.#owner.allowsHello(this.connection)) return this.#deny();
    }
    this.#rule();
  }

  // 3. Rule: the script decides, may ask for first bytes, or leaves it to the routes.
  #rule(): void {
    const { connection } = this;
    const { rules, config } = connection.service;
    if (rules === null || !rules.handles.connect) return this.#route();
    if (connection.decision?.kind === 'inspect') connection.bytes = this.#first.bytes().toString('latin1');
    const begunMs = performance.now();
    const decision = rules.connect(connection);
    connection.ruleMs = (connection.ruleMs ?? 0) + performance.now() - begunMs;
    connection.decision = decision;
    if (decision.kind !== 'inspect') return this.#carryOut(decision);
    const { isOver, length } = this.#first;
    const seen = {
      bytes: length,
      isAll: isOver && connection.bytes !== null,
      maxBytes: config.limits.inspectBytes,
    };
    const refused = refusedInspection(decision, seen);
    if (refused === null)
      return this.#waitFor('rule', decision.bytes, decision.timeoutMs ?? config.timeouts.inspectMs);
    if (config.rules?.onError === 'next') this.#route();
    else this.#fail(ruleFault(refused));
  }

  #carryOut(decision: Exclude<ConnectDecision, { kind: 'inspect' }>): void {
    switch (decision.kind) {
      case 'next':
        return this.#route();
      case 'deny':
        return this.#deny();
      case 'fault':
        return this.#fail(ruleFault(decision.reason));
      case 'forward': {
        const upstream = this.connection.service.upstreams.get(decision.upstream);
        if (upstream !== undefined) return this.#place(upstream);
        return this.#fail(ruleFault(`the rule forwards to the unknown upstream ${decision.upstream}`));
      }
    }
  }

  // 4. Route: by the name and the protocols that the client asks for, else the listener's own upstream.
  #route(): void {
    const { service, connectionTls } = this.connection;
    const match = service.routes.match(connectionTls?.serverName ?? null, connectionTls?.alpn ?? []);
    const routed = match === undefined ? undefined : service.upstreams.get(match.route.upstream);
    const upstream = routed ?? service.upstream;
    if (upstream !== null) return this.#place(upstream);
    this.#fail(new ProxyError('no-route', 'client', 'no route matches and the listener has no upstream'));
  }

  #place(upstream: Upstream): void {
    const { connection } = this;
    connection.upstream = upstream;
    connection.placedMs = performance.now();
    upstream.budget.countRequest(connection.placedMs);
    this.#key();
  }

  // 5. Key: what the scheduler goes by, where that is in the first packet.
  #key(): void {
    const { connection } = this;
    const { upstream, decision, service } = connection;
    const wanted = upstream?.key ?? null;
    if (upstream === null) return;
    const hasKey = decision?.kind === 'forward' && decision.key !== undefined;
    if (wanted?.kind === 'rdp-cookie' && !hasKey) {
      const { limits, timeouts } = service.config;
      const cookie = readRdpCookie(this.#first.bytes(), wanted.name, limits.inspectBytes);
      if (typeof cookie === 'number' && !this.#first.isOver)
        return this.#waitFor('key', cookie, timeouts.inspectMs);
      connection.cookie = typeof cookie === 'string' ? cookie : null;
    }
    this.#pick(upstream);
  }

  // 6. Pick: the client's own backend, or the scheduler's; after a failure (`error`) one that was not tried yet.
  #pick(upstream: Upstream, error: ProxyError | null = null): void {
    const { connection } = this;
    const own = connection.attemptsHere === 0 ? this.#stickyBackend(upstream) : undefined;
    const backend = placeOrLine(this, upstream, own);
    if (backend instanceof ProxyError) return this.#fallBack(upstream, error ?? backend);
    if (backend !== null) this.#attempt(backend);
  }

  #stickyBackend({ sticky }: Upstream): AddressBackend | undefined {
    // The other kinds go by cookies.
    if (sticky === null || sticky.type !== 'source') return undefined;
    const backend = sticky.pick(this.connection.client.address);
    if (backend !== undefined) this.connection.pickedBy = 'session';
    return backend;
  }

  onLineLeft(upstream: Upstream, place: AddressBackend | ProxyError): void {
    this.#try(() => {
      if (place instanceof ProxyError) this.#fallBack(upstream, place);
      else this.#attempt(place);
    });
  }

  /** To the upstream that stands in for this one. */
  #fallBack({ config, budget }: Upstream, error: ProxyError): void {
    const { connection } = this;
    const next = config.fallback === null ? undefined : connection.service.upstreams.get(config.fallback);
    if (next === undefined) return this.#fail(error);
    budget.fallbacks += 1;
    connection.upstream = next;
    connection.attemptsElsewhere = connection.attempts;
    connection.pickedBy = 'scheduler';
    next.budget.countRequest(performance.now());
    this.#pick(next, error);
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
    this.#try(() => {
      const { upstream } = this.connection;
      this.#dial = null;
      this.#use?.failed(error);
      this.#leaveBackend();
      if (upstream === null) return;
      const { retries } = upstream.config;
      const attempts = this.connection.attemptsHere;
      const decision = afterFailure({
        error,
        method: '',
        attempts,
        retries,
        bodyIsGone: false,
        reusedConnection: false,
      });
      if (decision === 'give-up') return this.#fail(error);
      if (decision === 'another-backend') {
        const isPossible =
          upstream.candidates().length > 0 && upstream.budget.take(retries.budget, performance.now());
        return isPossible ? this.#pick(upstream, error) : this.#fallBack(upstream, error);
      }
      const next = decision === 'pass-over' ? nextToAsk(this.connection, upstream, error) : undefined;
      if (next === undefined) this.#fallBack(upstream, error);
      else this.#attempt(next);
    });
  }

  // 8. Splice: bytes pass in both directions until both ends are done.
  onConnected({ socket, input }: OpeningSocket): void {
    const { connection } = this;
    const { config, connections } = connection.service;
    this.#dial = null;
    connection.connectedMs = performance.now();
    this.#use?.reached(connection.connectedMs);
    this.#leaveSocket();
    const splice = new Splice(this.#socket, socket, config, connection.startMs, this);
    this.#splice = splice;
    connection.traffic = splice;
    this.#owner.deadlines.add(splice);
    if (this.#leaveMs !== null) splice.leave(this.#leaveMs);
    connections.add(this);
    splice.open(this.#input, input, this.#first.length > 0 ? this.#first.bytes() : null);
  }

  get backend(): BackendRuntime {
    if (this.#use === null) throw new Error('a connection without a backend');
    return this.#use.backend.runtime;
  }

  /** A reload has brought the listener's service of a newer snapshot, so that the old one can be let go of. */
  adopt(service: TcpService): void {
    const { connection } = this;
    if (this.#splice === null || connection.service.counters !== service.counters) return;
    service.usage.enter();
    connection.service.usage.leave();
    connection.service = service;
  }

  /**
   * Its listener or backend goes away: it may go on for `drainTimeout`.
   * @param endMs when it has to be over, on the clock of performance.now()
   */
  leave(endMs: number): void {
    this.#leaveMs = endMs;
    this.#splice?.leave(endMs);
  }

  onSpliceEnd(reason: SpliceEndReason): void {
    if (this.#splice !== null) this.#owner.deadlines.delete(this.#splice);
    if (reason === 'backend-reset') this.#use?.brokenOff();
    this.#end(reason);
  }

  // 9. End: every connection comes here exactly once.

  #deny(): void {
    this.#endWithReset('denied');
  }

  #fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.connection.error = error;
    this.#endWithReset('failed');
  }

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
    this.#first.leave();
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
    this.#owner.onConnectionOver(this.connection);
  }
}

function ruleFault(reason: string): ProxyError {
  return new ProxyError('rule-fault', 'proxy', reason);
}

function ignore(): void {}
