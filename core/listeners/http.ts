import type { Socket } from 'node:net';
import type { Peer } from '../exchange/streams.ts';
import { ServerConnection, type ServerConnectionOwner } from '../http1/server-connection.ts';
import type { ServerSessionOwner } from '../http2/server-session.ts';
import { SocketInput } from '../shared/socket-input.ts';
import { withInput } from './accepted-socket.ts';
import { FirstBytes } from './first-bytes.ts';
import type { Stage } from './stage.ts';

/** A client's connection without TLS: HTTP/1.1, or HTTP/2 with prior knowledge (RFC 9113 3.3) where that is accepted. */
export function serveHttp(
  accepted: Socket,
  peer: Peer,
  owner: ServerConnectionOwner & ServerSessionOwner,
  acceptsHttp2: boolean,
): Stage {
  const input = new SocketInput();
  const socket = withInput(accepted, input);
  return acceptsHttp2
    ? new FirstBytes(socket, input, peer, owner)
    : new ServerConnection(socket, input, peer, owner);
}
