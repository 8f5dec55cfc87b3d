import { Socket, type OnReadOpts } from 'node:net';
import type { SocketInput } from '../shared/socket-input.ts';

/** Node's own servers make their sockets like this. */
type SocketOnHandle = new (options: {
  handle: object;
  allowHalfOpen: boolean;
  onread: OnReadOpts;
  pauseOnCreate: boolean;
}) => Socket;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's types know of one kind of handle only
const SocketOnHandle = Socket as unknown as SocketOnHandle;

/**
 * Gives an accepted connection a socket that reads into the shared buffer: `net.Server` makes its sockets
 * itself and has no option `onread`. So a second socket takes the connection's handle over, and the first
 * one, destroyed without it, leaves the connection alone; the server forgets it, so that its `close` waits
 * for no connection. What was set on the handle (TCP_NODELAY) stays set.
 * @param accepted by a server with `pauseOnConnect` and `allowHalfOpen`, within its 'connection' event
 * @returns the socket to use; `accepted` itself, read through 'data' events, where it has no handle to
 * give away: when it was closed already, or by a Node that keeps handles elsewhere
 */
export function withInput(
  accepted: Socket,
  input: SocketInput,
  reads: 'at once' | 'when resumed' = 'at once',
): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (typeof handle !== 'object' || handle === null) {
    input.readFrom(accepted);
    if (reads === 'at once') accepted.resume();
    else accepted.pause();
    return accepted;
  }
  Reflect.set(accepted, '_handle', null);
  accepted.destroy();
  const pauseOnCreate = reads === 'when resumed';
  return new SocketOnHandle({ handle, allowHalfOpen: true, onread: input.onread, pauseOnCreate });
}

/** What was put back into an accepted connection after something before its protocol was read; it would be lost with the first socket. */
export function takeReadAhead(accepted: Socket): Buffer | null {
  if (accepted.readableLength === 0) return null;
  const early: unknown = accepted.read();
  return Buffer.isBuffer(early) ? early : null;
}
