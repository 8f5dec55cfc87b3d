import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Ends a connection so that its peer can tell it from a good end, as far as its kind allows: a Unix socket has no reset. With TLS the
 * close_notify of a good end (RFC 8446 6.1) stays out, but many a client does not look for it: so the TCP connection below is reset, too.
 */
export function reset(socket: Socket): void {
  // Its FIN is with the system just now, which can not reset it then; Node would never close it after having tried.
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  const tcp = isEnding ? null : tcpOf(socket);
  if (tcp !== null) closeByReset(tcp);
  socket.destroy();
}

/** The handle of the TCP connection, which Node does not document: below a TLS socket, that of another socket, or one that it made itself. */
function tcpOf(socket: Socket): object | null {
  if (!(socket instanceof TLSSocket)) return handleOf(socket, '_handle');
  const carrier: unknown = Reflect.get(socket, '_parent');
  return carrier instanceof Socket
    ? handleOf(carrier, '_handle')
    : handleOf(handleOf(socket, '_handle'), '_parent');
}

/**
 * Makes a reset of its closing. Node is left to close it in its own order: were it closed ahead of a TLS socket above, Node would free
 * the TLS state at once, even from within a callback of OpenSSL, where that kills the process.
 */
function closeByReset(tcp: object): void {
  const resetTcp: unknown = Reflect.get(tcp, 'reset');
  if (typeof resetTcp === 'function') Reflect.set(tcp, 'close', resetTcp);
}

function handleOf(owner: object | null, name: string): object | null {
  const handle: unknown = owner === null ? null : Reflect.get(owner, name);
  return typeof handle === 'object' ? handle : null;
}
