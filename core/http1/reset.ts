import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Ends a connection so that its peer can tell it from a good end, as far as its kind allows: a Unix socket has no reset. */
export function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) {
    // The close_notify of a good end (RFC 8446 6.1) stays out, but many a client does not look for it: so the TCP
    // connection below is reset, too.
    closeByReset(socket);
    socket.destroy();
  }
  // TCP alone has addresses.
  else if ('port' in socket.address()) socket.resetAndDestroy();
  else socket.destroy();
}

/**
 * Makes a reset of the closing of the TCP connection below, which Node keeps there but does not document: as a socket, or, for a
 * TLS socket that made it itself, as a handle only. Node is left to close it in its own order: were it closed ahead of the TLS
 * socket, Node would free the TLS state at once, even from within a callback of OpenSSL, where that kills the process.
 */
function closeByReset(socket: TLSSocket): void {
  const carrier: unknown = Reflect.get(socket, '_parent');
  const tcp =
    carrier instanceof Socket
      ? handleOf(carrier, '_handle')
      : handleOf(handleOf(socket, '_handle'), '_parent');
  const resetTcp: unknown = tcp === null ? null : Reflect.get(tcp, 'reset');
  if (tcp !== null && typeof resetTcp === 'function') Reflect.set(tcp, 'close', resetTcp);
}

function handleOf(owner: object | null, name: string): object | null {
  const handle: unknown = owner === null ? null : Reflect.get(owner, name);
  return typeof handle === 'object' ? handle : null;
}
