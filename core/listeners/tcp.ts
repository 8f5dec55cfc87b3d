import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Peer } from '../exchange/streams.ts';
import { Connection } from '../layer4/connection.ts';
import { ConnectionPath, type ConnectionPathOwner } from '../layer4/connection-path.ts';
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
  readonly #paths = new Map<Connection, { readonly path: ConnectionPath; readonly peer: Peer }>();

  /** What is joined to a backend already goes on with the service of the new snapshot, for as long as it takes. */
  override update(service: TcpService, front: TlsFront | null = null): void {
    super.update(service, front);
    for (const { path } of this.#paths.values()) path.adopt(service);
  }

  /** Ends nothing before its `drainTimeout`. */
  override drain(endMs?: number): Promise<void> {
    const drained = super.drain(endMs);
    for (const { path } of this.#paths.values()) path.leave(endMs ?? Number.POSITIVE_INFINITY);
    return drained;
  }

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
    this.#paths.set(connection, { path, peer });
    // What is not joined yet goes on, too: it will be soon, or fail.
    const stage = { closeIfIdle: () => {}, destroy: () => path.destroy() };
    // Behind what counts it among the listener's connections.
    queueMicrotask(() => path.begin(early));
    return stage;
  }

  /** `connections` of the path are counted there. */
  protected countClients(): void {}

  protected countDenied({ counters }: TcpService): void {
    counters.accepted += 1;
    counters.denied += 1;
  }

  protected turnAway(socket: Socket): void {
    socket.resetAndDestroy();
  }

  allowsHello(connection: Connection): boolean {
    const peer = this.#paths.get(connection)?.peer;
    if (peer === undefined) return false;
    const { connectionTls } = connection;
    return allowsHandshake(this.current, peer, {
      serverName: connectionTls?.serverName ?? '',
      protocols: connectionTls?.alpn ?? [],
    });
  }

  onConnectionOver(connection: Connection): void {
    const peer = this.#paths.get(connection)?.peer;
    this.#paths.delete(connection);
    if (peer !== undefined) this.onClosed(peer);
  }
}
