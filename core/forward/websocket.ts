import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { RawConnection, RequestHead, ResponseHead } from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';
import { copyOf } from '../shared/read-buffers.ts';

/**
 * Whether a 101 accepts the WebSocket handshake of `request`: the right protocol, and the
 * hash that only somebody who read its key could make (RFC 6455 4.2.2).
 * @param protocol that the 101 names
 * @returns null, or 'upgrade-malformed'
 */
export function checkSwitch(
  request: RequestHead,
  answer: ResponseHead,
  protocol: string | null,
): ProxyError | null {
  if (request.upgrade === null) return malformedUpgrade('sent 101 although no upgrade was asked for');
  if (protocol !== 'websocket')
    return malformedUpgrade(`switched to ${JSON.stringify(protocol)}, not to websocket`);
  const key = request.headers.get('sec-websocket-key') ?? '';
  const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  if (answer.headers.get('sec-websocket-accept') === expected) return null;
  return malformedUpgrade('sent a wrong Sec-WebSocket-Accept');
}

function malformedUpgrade(what: string): ProxyError {
  return new ProxyError('upgrade-malformed', 'backend', `the backend ${what}`);
}

/** How long one end may take to read what the other one sent before it closed. */
const LAST_BYTES_MS = 30_000;

/**
 * Joins two connections: bytes pass untouched in both directions, each waits for the slower one, a
 * FIN passes on by itself, and a failure of one ends the other.
 * @param onEnd called once with the bytes that went each way
 */
export function tunnel(
  client: RawConnection,
  backend: RawConnection,
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

function join(from: RawConnection, to: Socket, count: (bytes: number) => void): void {
  const pass = (piece: Buffer): void => {
    count(piece.length);
    // A write that has to wait keeps its buffer.
    if (!to.write(copyOf(piece))) from.socket.pause();
  };
  if (from.readAhead !== null) pass(from.readAhead);
  from.input.receive = pass;
  from.socket.once('end', () => to.end());
  to.on('drain', () => from.socket.resume());
  if (!to.writableNeedDrain) from.socket.resume();
}
