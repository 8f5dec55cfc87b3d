import type { Socket } from 'node:net';
import type { Peer } from '../exchange/streams.ts';
import { ServerSession, type ServerSessionOwner } from '../http2/server-session.ts';
import type { SocketInput } from '../shared/socket-input.ts';
import type { Stage } from './stage.ts';

/** A client's connection that speaks HTTP/2 from its first byte on. `input`: all that the socket reads. */
export function serveHttp2(socket: Socket, input: SocketInput, peer: Peer, owner: ServerSessionOwner): Stage {
  return new ServerSession(socket, input, peer, owner);
}
