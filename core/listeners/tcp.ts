import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Peer } from '../exchange/streams.ts';
import { reset } from '../shared/reset.ts';
import { Connection } from '../layer4/connection.ts';
import type { ConnectionPathOwner } from '../layer4/backend-path.ts';
import { ConnectionPath } from '../layer4/connection-path.ts';
import type { TcpService } from '../layer4/tcp-service.ts';
import type { ClientHello } from '../shared/client-hello.ts';
import { SocketInput } from '../shared/socket-input.ts';
import { takeReadAhead, withInput } from './accepted-socket.ts';
import { allowsHandshake } from './plugin-hooks.ts';
import type { Stage } from './stage.ts';
import { StreamListener } from './stream-listener.ts';
import type { TlsFront } from './tls/front.ts';

/** TCP at one or several bound ports, with or without TLS that is ended here. */
export class TcpListener extends StreamListener<TcpService> implements ConnectionPathOwner {
  /** When all has to be over, on the clock of performance.now(); null: it stays. */
  #endMs: number | null = null;
  /** Ports that the last reload has taken out: a connection may still be in its handshake there. */
  readonly #leftPorts = new Set<number>();

  /** What is joined to a backend already goes on with the service of the new snapshot, for as long as it takes. */
  override update(service: TcpService, front: TlsFront | null = null): void {
    super.update(service, front);
    this.#leftPorts.clear();
    for (const path of this.#paths()) path.adopt(service);
  }

  /** One of its ports is taken out, others stay: what came there may go on for `drainTimeout`. */
  leavePort(port: number): void {
    this.#leftPorts.add(port);
    for (const path of this.#paths()) if (path.acceptedAt === port) path.leave(Number.POSITIVE_INFINITY);
  }

  /** Ends nothing before its `drainTimeout`. */
  override drain(endMs?: number): Promise<void> {
    const drained = super.drain(endMs);
    this.#endMs = endMs ?? Number.POSITIVE_INFINITY;
    for (const path of this.#paths()) path.leave(this.#endMs);
    return drained;
  }

  /** What has not said anything may wait for the backend to speak first. */
  protected override leaveIdle(): void {}

  protected serve(accepted: Socket, peer: Peer): Stage {
    const input = new SocketInput(this.bandwidth.readBytes);
    const early = takeReadAhead(accepted);
    return this.#begin(withInput(accepted, input, 'when resumed'), input, peer, early, null);
  }

  protected serveSecure(socket: TLSSocket, peer: Peer, hello: ClientHello | null): Stage {
    const input = new SocketInput();
    socket.pause();
    input.readFrom(socket);
    return this.#begin(socket, input, peer, null, hello);
  }

  #begin(
    socket: Socket,
    input: SocketInput,
    peer: Peer,
    early: Buffer | null,
    hello: ClientHello | null,
  ): Stage {
    this.bandwidth.pace(socket, input);
    const connection = new Connection(this.current, peer);
    if (peer.tls !== undefined) {
      const { text: _, ...info } = peer.tls;
      connection.connectionTls = { ...info, alpn: hello?.protocols ?? [] };
    }
    const path = new ConnectionPath(connection, socket, input, this);
    if (this.#endMs !== null) path.leave(this.#endMs);
    else if (this.#leftPorts.has(path.acceptedAt)) path.leave(Number.POSITIVE_INFINITY);
    // Behind what counts it among the listener's connections.
    queueMicrotask(() => path.begin(early));
    return path;
  }

  *#paths(): Iterable<ConnectionPath> {
    for (const stage of this.connections.values()) if (stage instanceof ConnectionPath) yield stage;
  }

  /** `connections` of the path are counted there. */
  protected countClients(): void {}

  protected countDenied({ counters }: TcpService): void {
    counters.accepted += 1;
    counters.denied += 1;
  }

  protected turnAway(socket: Socket): void {
    reset(socket);
  }

  allowsHello({ client, connectionTls }: Connection): boolean {
    const { serverName = null, alpn = [] } = connectionTls ?? {};
    return allowsHandshake(this.current, client, { serverName: serverName ?? '', protocols: alpn });
  }

  onConnectionOver({ client }: Connection): void {
    this.onClosed(client);
  }
}
