import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';

/**
 * Whether a 101 accepts the WebSocket handshake that was sent: the right protocol, and the
 * hash that only somebody who read this key could make (RFC 6455 4.2.2).
 * @returns what is wrong, or null
 */
export function checkWebSocketAccept(
  protocol: string | null,
  key: string | null,
  accept: string | null,
): string | null {
  if (protocol !== 'websocket') return `switched to ${JSON.stringify(protocol)}, not to websocket`;
  const expected = createHash('sha1')
    .update(`${key ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  return accept === expected ? null : 'sent a wrong Sec-WebSocket-Accept';
}

/** How long one end may take to read what the other one sent before it closed. */
const LAST_BYTES_MS = 30_000;

interface End {
  readonly socket: Socket;
  readonly readAhead: Buffer | null;
}

/**
 * Joins two connections: bytes pass untouched in both directions, each waits for the slower one, a
 * FIN passes on by itself, and a failure of one ends the other.
 * @param onEnd called once with the bytes that went each way
 */
export function tunnel(
  client: End,
  backend: End,
  onEnd: (fromClient: number, fromBackend: number) => void,
): void {
  let open = 2;
  let fromClient = 0;
  let fromBackend = 0;
  const joinEnds = (socket: Socket, other: Socket): void => {
    socket.on('error', () => {});
    // Comes when both directions have ended, or when one has failed.
    socket.once('close', (failed) => {
      open -= 1;
      if (open === 0) onEnd(fromClient, fromBackend);
      else if (failed) other.destroy();
      else {
        other.destroySoon();
        other.setTimeout(LAST_BYTES_MS, () => other.destroy());
      }
    });
  };
  joinEnds(client.socket, backend.socket);
  joinEnds(backend.socket, client.socket);
  join(client, backend.socket, (bytes) => (fromClient += bytes));
  join(backend, client.socket, (bytes) => (fromBackend += bytes));
}

function join(from: End, to: Socket, count: (bytes: number) => void): void {
  const pass = (piece: Buffer): void => {
    count(piece.length);
    if (!to.write(piece)) from.socket.pause();
  };
  if (from.readAhead !== null) pass(from.readAhead);
  from.socket.on('data', pass);
  from.socket.once('end', () => to.end());
  to.on('drain', () => from.socket.resume());
  if (!to.writableNeedDrain) from.socket.resume();
}
