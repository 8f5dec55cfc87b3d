import { connect, type Socket } from 'node:net';
import type { SocketAddressConfig } from '../shared/config-types.ts';

/** Begins to connect to a backend. `allowHalfOpen`: its FIN is the end of its answer, not of our request. */
export function openSocket(address: SocketAddressConfig): Socket {
  if (address.kind === 'unix') return connect({ path: address.path, allowHalfOpen: true });
  return connect({
    host: address.host,
    port: address.port,
    noDelay: true,
    keepAlive: true,
    allowHalfOpen: true,
  });
}
