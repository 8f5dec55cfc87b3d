import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Exchange } from '../exchange/exchange.ts';
import { HeaderList } from '../exchange/headers.ts';
import type { ListenerService } from '../exchange/listener-service.ts';
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
import type { Deadlines } from '../shared/deadlines.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { Http2Config } from '../shared/listener-types.ts';
import { serveHttp, serveSecure } from './http.ts';
import type { Stage } from './stage.ts';
import { StreamListener } from './stream-listener.ts';
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

/** HTTP at one bound address: the next request of every open connection sees the service of a reload. */
export class Listener extends StreamListener<ListenerService> implements ServerSessionOwner {
  #limits: ClientLimits;
  /** Those of the last service that accepted HTTP/2, for sessions that are older than a reload. */
  #http2: Http2Config | null;

  constructor(
    service: ListenerService,
    deadlines: Deadlines,
    workers: () => number,
    front: TlsFront | null = null,
  ) {
    super(service, deadlines, workers, front);
    this.#limits = { ...service.config.limits, ...service.config.timeouts };
    this.#http2 = service.config.http2;
  }

  override update(service: ListenerService, front: TlsFront | null = null): void {
    super.update(service, front);
    this.#limits = { ...service.config.limits, ...service.config.timeouts };
    this.#http2 = service.config.http2 ?? this.#http2;
  }

  /** Ends idle connections now, the others after their exchange, WebSockets after their `drainTimeout`. */
  override drain(endMs?: number): Promise<void> {
    const drained = super.drain(endMs);
    this.current.tunnels.leave(this.connections.keys(), endMs);
    return drained;
  }

  limits(): ClientLimits {
    return this.#limits;
  }

  http2Limits(): Http2Config {
    if (this.#http2 === null) throw new Error('a session where none is accepted');
    return this.#http2;
  }

  protected serve(socket: Socket, peer: Peer): Stage {
    return serveHttp(socket, peer, this, this.current.config.http2 !== null, this.bandwidth);
  }

  protected serveSecure(socket: TLSSocket, peer: Peer): Stage {
    return serveSecure(socket, peer, this, this.bandwidth);
  }

  protected countClients({ counters }: ListenerService, change: number): void {
    counters.connections += change;
  }

  protected countDenied({ counters }: ListenerService): void {
    counters.refused += 1;
  }

  protected turnAway(socket: Socket): void {
    if (this.front !== null) {
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

  onRequest(peer: Peer, client: ClientStream, request: ReceivedRequest): ClientEvents {
    const path = new RequestPath(new Exchange(this.current, peer, request.head, request.fieldText), client);
    path.begin();
    return path;
  }

  onRefused(peer: Peer, client: ClientStream, error: ProxyError): ClientEvents {
    const path = new RequestPath(new Exchange(this.current, peer, noRequest(), ''), client);
    path.refuse(error);
    return path;
  }

  onSessionFailed(peer: Peer, error: Http2Error): void {
    const { log, config } = this.current;
    log.info({ listener: config.name, client: peer.address, code: error.code }, `HTTP/2: ${error.message}`);
  }
}
