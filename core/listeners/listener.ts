import type { Socket } from 'node:net';
import { NO_ADDRESS, plainAddress } from '../exchange/client-address.ts';
import { Exchange } from '../exchange/exchange.ts';
import { HeaderList } from '../exchange/headers.ts';
import type { ListenerService } from '../exchange/listener-service.ts';
import { connectionIsSecure } from '../exchange/plugins/connection-view.ts';
import { RequestPath } from '../exchange/pipeline.ts';
import {
  NO_BODY,
  type ClientEvents,
  type ClientLimits,
  type ClientStream,
  type Peer,
  type ReceivedRequest,
  type RequestHead,
} from '../exchange/streams.ts';
import type { Http2Error } from '../http2/errors.ts';
import type { ServerSessionOwner } from '../http2/server-session.ts';
import { compileCidrs } from '../shared/cidr.ts';
import type { Http2Config, HttpListenerConfig } from '../shared/listener-types.ts';
import type { Deadlines } from '../shared/deadlines.ts';
import type { ProxyError } from '../shared/errors.ts';
import { serveHttp, serveSecure } from './http.ts';
import { behindProxy, type ProxyHeader } from './proxied-client.ts';
import { ProxyHeaderStage, type ProxyHeaderOwner } from './proxy-header-stage.ts';
import { allowsConnection, allowsHandshake } from './plugin-hooks.ts';
import { RefusalLog } from './refusal-log.ts';
import type { OpenListener } from './open-listener.ts';
import type { Stage } from './stage.ts';
import { allowsCertificate } from './tls/allows-certificate.ts';
import { describeTls } from './tls/describe.ts';
import type { TlsFront } from './tls/front.ts';

/** Stands for the request in an exchange that only refuses what could not be read as one. */
function noRequest(): RequestHead {
  return {
    method: '',
    target: '',
    host: '',
    version: 'HTTP/1.1',
    headers: new HeaderList(),
    framing: NO_BODY,
    nominated: null,
    upgrade: null,
    expectsContinue: false,
  };
}

const TOO_MANY_CONNECTIONS =
  'HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 21\r\nConnection: close\r\n\r\nToo many connections\n';

/** Whose headers of the PROXY protocol are believed. */
function headerTrust({ address, proxyProtocol }: HttpListenerConfig): (peer: string) => boolean {
  // Who may connect to a Unix socket, its folder's permissions say.
  if (address.kind === 'unix') return () => true;
  return compileCidrs(proxyProtocol?.trust ?? []);
}

/**
 * HTTP at one bound address. It lives as long as its address is configured: reloads swap the service, and
 * the next request of every open connection sees the new one.
 */
export class Listener implements OpenListener, ServerSessionOwner, ProxyHeaderOwner {
  readonly deadlines: Deadlines;
  draining = false;
  #service: ListenerService;
  /** null: plain HTTP. */
  #front: TlsFront | null;
  #limits: ClientLimits;
  /** Those of the last service that accepted HTTP/2, for sessions that are older than a reload. */
  #http2: Http2Config | null;
  readonly #connections = new Map<Peer, Stage>();
  /** Those of `#connections` over which a CA validates a name: no clients, and not counted as such. */
  readonly #validations = new Set<Peer>();
  readonly #perClient = new Map<string, number>();
  readonly #workers: () => number;
  readonly #refusals = new RefusalLog();
  #trustsHeaderOf: (address: string) => boolean;
  #onEmpty: (() => void) | null = null;

  /** `workers`: how many share the listener's connection limit. */
  constructor(
    service: ListenerService,
    deadlines: Deadlines,
    workers: () => number,
    front: TlsFront | null = null,
  ) {
    this.#service = service;
    this.#front = front;
    this.#limits = { ...service.config.limits, ...service.config.timeouts };
    this.#http2 = service.config.http2;
    this.#trustsHeaderOf = headerTrust(service.config);
    this.deadlines = deadlines;
    this.#workers = workers;
  }

  get service(): ListenerService {
    return this.#service;
  }

  update(service: ListenerService, front: TlsFront | null = null): void {
    this.#front = front;
    const clients = this.#connections.size - this.#validations.size;
    service.counters.connections += clients;
    this.#service.counters.connections -= clients;
    this.#service = service;
    this.#limits = { ...service.config.limits, ...service.config.timeouts };
    this.#http2 = service.config.http2 ?? this.#http2;
    this.#trustsHeaderOf = headerTrust(service.config);
  }

  /**
   * Ends idle connections now, the others after their exchange, WebSockets after their `drainTimeout`;
   * resolves when all are gone.
   * @param endMs when that has to be, on the clock of performance.now()
   */
  drain(endMs?: number): Promise<void> {
    this.draining = true;
    for (const stage of this.#connections.values()) stage.closeIfIdle();
    this.#service.tunnels.leave(this.#connections.keys(), endMs);
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      if (this.#connections.size === 0) resolve();
    });
  }

  /** Ends every connection at once, whatever runs on it. */
  destroyConnections(): void {
    for (const stage of this.#connections.values()) stage.destroy();
  }

  limits(): ClientLimits {
    return this.#limits;
  }

  http2Limits(): Http2Config {
    if (this.#http2 === null) throw new Error('a session where none is accepted');
    return this.#http2;
  }

  accept(socket: Socket, localPort: number): void {
    const { address, limits, proxyProtocol } = this.#service.config;
    if (socket.remoteAddress === undefined && address.kind === 'tcp') {
      // It has reset the connection already. What it sent can still be read, but not held against an address list.
      socket.destroy();
      return;
    }
    const peer: Peer = {
      address: plainAddress(socket.remoteAddress),
      port: socket.remotePort ?? 0,
      localAddress: plainAddress(socket.localAddress),
      localPort,
      scheme: this.#front === null ? 'http' : 'https',
    };
    if (this.#connections.size >= Math.ceil(limits.connections / this.#workers())) this.#turnAway(socket);
    else if (proxyProtocol === null) this.#serve(socket, peer);
    else if (this.#trustsHeaderOf(peer.address)) {
      this.#service.counters.connections += 1;
      this.#connections.set(peer, new ProxyHeaderStage(socket, peer, proxyProtocol.timeoutMs, this));
    } else {
      socket.destroy();
      this.#onRefusedHeader(peer, 'the address is not in proxyProtocol.trust');
    }
  }

  /** `peer`: the client, whom its share of the connections is counted for. */
  #serve(socket: Socket, peer: Peer): void {
    const { connectionsPerClient } = this.#service.config.limits;
    const ofClient = this.#perClient.get(peer.address) ?? 0;
    if (connectionsPerClient !== null && peer.address !== NO_ADDRESS && ofClient >= connectionsPerClient)
      return this.#turnAway(socket);
    if (!allowsConnection(this.#service, peer)) {
      this.#service.counters.refused += 1;
      socket.destroy();
      return;
    }
    const front = this.#front;
    const stage =
      front === null
        ? serveHttp(socket, peer, this, this.#service.config.http2 !== null)
        : this.#handshake(front, socket, peer);
    if (stage === null) return this.#turnAway(socket);
    this.#perClient.set(peer.address, ofClient + 1);
    this.#service.counters.connections += 1;
    this.#connections.set(peer, stage);
  }

  #handshake(front: TlsFront, socket: Socket, peer: Peer): Stage | null {
    return front.begin(socket, {
      deadlines: this.deadlines,
      onSecure: (secure) => {
        const described: Peer = { ...peer, tls: describeTls(secure) };
        connectionIsSecure(peer, described);
        this.#connections.delete(peer);
        this.#connections.set(described, serveSecure(secure, described, this));
      },
      onFailed: (reason) => {
        this.#service.counters.refused += 1;
        this.#service.log.debug({ client: peer.address, reason }, 'no TLS connection came about');
        this.onClosed(peer);
      },
      onChallenge: () => {
        this.#validations.add(peer);
        this.#service.counters.connections -= 1;
      },
      onChallengeOver: () => this.onClosed(peer),
      allowsHello: (hello) => allowsHandshake(this.#service, peer, hello),
      allowsCertificate: (serverName) => allowsCertificate(this.#service, serverName, peer, this.#refusals),
    });
  }

  #turnAway(socket: Socket): void {
    this.#service.counters.refused += 1;
    if (this.#front !== null) {
      // Nothing can be said before a handshake, and that is what there is no room for.
      socket.destroy();
      return;
    }
    socket.on('error', () => {});
    // What it has sent is dropped: left unread, it would turn our FIN into a reset that destroys the answer.
    socket.resume();
    socket.end(TOO_MANY_CONNECTIONS);
    socket.destroySoon();
  }

  onAcceptFailed(error: Error): void {
    this.#service.log.error({ err: error }, 'accepting failed');
  }

  onProxyHeader(socket: Socket, peer: Peer, { client }: ProxyHeader): void {
    this.#connections.delete(peer);
    this.#service.counters.connections -= 1;
    const served = client === null ? peer : behindProxy(peer, client);
    this.#serve(socket, served);
    if (this.draining) this.#connections.get(served)?.closeIfIdle();
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  onNoProxyHeader(peer: Peer, problem: string | null): void {
    this.#connections.delete(peer);
    this.#service.counters.connections -= 1;
    if (problem !== null) this.#onRefusedHeader(peer, problem);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  #onRefusedHeader(peer: Peer, problem: string): void {
    const { config, counters, log } = this.#service;
    counters.refused += 1;
    const fields = { listener: config.name, peer: peer.address, problem };
    this.#refusals.warn(log, fields, 'closed a connection without a valid PROXY protocol header');
  }

  onRequest(peer: Peer, client: ClientStream, request: ReceivedRequest): ClientEvents {
    const path = new RequestPath(new Exchange(this.#service, peer, request.head, request.fieldText), client);
    path.begin();
    return path;
  }

  onRefused(peer: Peer, client: ClientStream, error: ProxyError): ClientEvents {
    const path = new RequestPath(new Exchange(this.#service, peer, noRequest(), ''), client);
    path.refuse(error);
    return path;
  }

  onSessionFailed(peer: Peer, error: Http2Error): void {
    const { log, config } = this.#service;
    log.info({ listener: config.name, client: peer.address, code: error.code }, `HTTP/2: ${error.message}`);
  }

  onClosed(peer: Peer): void {
    if (!this.#connections.delete(peer)) return;
    if (!this.#validations.delete(peer)) this.#service.counters.connections -= 1;
    const left = (this.#perClient.get(peer.address) ?? 1) - 1;
    if (left === 0) this.#perClient.delete(peer.address);
    else this.#perClient.set(peer.address, left);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }
}
