import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Ends a connection so that its peer can tell it from a good end, as far as its kind allows: a Unix socket has no reset. */
export function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) {
    // The close_notify of a good end (RFC 8446 6.1) stays out, but many a client does not look for it: so the TCP
    // connection below is reset, too. Node keeps that one there, but does not document it.
    const carrier: unknown = Reflect.get(socket, '_parent');
    if (carrier instanceof Socket && !carrier.destroyed) reset(carrier);
    else closeByReset(socket);
    socket.destroy();
  }
  // TCP alone has addresses.
  else if ('port' in socket.address()) socket.resetAndDestroy();
  else socket.destroy();
}

/** A TLS socket that made its TCP connection itself has it as a handle only, which it is about to close: that becomes a reset. */
function closeByReset(socket: TLSSocket): void {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return;
  const tcp: unknown = Reflect.get(handle, '_parent');
  if (typeof tcp !== 'object' || tcp === null) return;
  const resetTcp: unknown = Reflect.get(tcp, 'reset');
  if (typeof resetTcp === 'function') Reflect.set(tcp, 'close', resetTcp);
}
