import type { Socket } from 'node:net';
import type { Peer } from '../exchange/streams.ts';
import { ServerConnection, type ServerConnectionOwner } from '../http1/server-connection.ts';
import { SocketInput } from '../shared/socket-input.ts';
import { takeReadAhead, withInput } from './accepted-socket.ts';

/** A client's connection that begins with HTTP/1.1. */
export function serveHttp(accepted: Socket, peer: Peer, owner: ServerConnectionOwner): ServerConnection {
  const input = new SocketInput();
  const early = takeReadAhead(accepted);
  const connection = new ServerConnection(withInput(accepted, input), input, peer, owner);
  if (early !== null) input.receive(early);
  return connection;
}
