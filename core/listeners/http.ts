import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Peer } from '../exchange/streams.ts';
import { ServerConnection, type ServerConnectionOwner } from '../http1/server-connection.ts';
import { SocketInput } from '../shared/socket-input.ts';
import { withInput } from './accepted-socket.ts';

/** A client's connection that begins with HTTP/1.1. */
export function serveHttp(accepted: Socket, peer: Peer, owner: ServerConnectionOwner): ServerConnection {
  const input = new SocketInput();
  return new ServerConnection(withInput(accepted, input), input, peer, owner);
}

/** A client's connection after the TLS handshake. What is spoken is what ALPN settled (`socket.alpnProtocol`): so far, it offers nothing but HTTP/1.1. */
export function serveSecure(socket: TLSSocket, peer: Peer, owner: ServerConnectionOwner): ServerConnection {
  const input = new SocketInput();
  const connection = new ServerConnection(socket, input, peer, owner);
  input.readFrom(socket);
  return connection;
}
