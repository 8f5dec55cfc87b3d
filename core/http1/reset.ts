import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Ends a connection so that its peer can tell it from a good end, as far as its kind allows: a Unix socket has no reset. */
export function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) {
    // The close_notify of a good end (RFC 8446 6.1) stays out, but many a client does not look for it: so the TCP
    // connection below is reset, too. Node keeps that one there, but does not document it.
    const carrier: unknown = Reflect.get(socket, '_parent');
    if (carrier instanceof Socket && !carrier.destroyed) reset(carrier);
    socket.destroy();
  }
  // TCP alone has addresses.
  else if ('port' in socket.address()) socket.resetAndDestroy();
  else socket.destroy();
}
