import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Peer } from '../exchange/streams.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import type { ServerSessionOwner } from '../http2/server-session.ts';
import type { Bandwidth } from '../shared/bandwidth.ts';
import { SocketInput } from '../shared/socket-input.ts';
import { takeReadAhead, withInput } from './accepted-socket.ts';
import { FirstBytes } from './first-bytes.ts';
import { serveHttp2 } from './http2.ts';
import type { Stage } from './stage.ts';

/** A client's connection without TLS: HTTP/1.1, or HTTP/2 with prior knowledge (RFC 9113 3.3) where that is accepted. */
export function serveHttp(
  accepted: Socket,
  peer: Peer,
  owner: ServerSessionOwner,
  acceptsHttp2: boolean,
  bandwidth: Bandwidth,
): Stage {
  const input = new SocketInput(bandwidth.readBytes);
  const early = takeReadAhead(accepted);
  const socket = withInput(accepted, input);
  bandwidth.pace(socket, input);
  const stage = acceptsHttp2
    ? new FirstBytes(socket, input, peer, owner)
    : new ServerConnection(socket, input, peer, owner);
  if (early !== null) input.receive(early);
  return stage;
}

/** A client's connection after the TLS handshake, which has settled by ALPN what is spoken (RFC 7301). */
export function serveSecure(
  socket: TLSSocket,
  peer: Peer,
  owner: ServerSessionOwner,
  bandwidth: Bandwidth,
): Stage {
  const input = new SocketInput();
  bandwidth.pace(socket, input);
  const stage =
    socket.alpnProtocol === 'h2'
      ? serveHttp2(socket, input, peer, owner)
      : new ServerConnection(socket, input, peer, owner);
  input.readFrom(socket);
  return stage;
}
