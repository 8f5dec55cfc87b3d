import type { Socket } from 'node:net';

/** Ends a connection so that its peer can tell it from a good end, as far as its kind allows: a Unix socket has no reset, and a TLS one ends without the farewell that a good end has. */
export function reset(socket: Socket): void {
  // TCP alone has addresses.
  if ('port' in socket.address()) socket.resetAndDestroy();
  else socket.destroy();
}
