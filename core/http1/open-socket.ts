import { connect, type Socket } from 'node:net';
import type { SocketAddressConfig } from '../shared/config-types.ts';
import { SocketInput } from '../shared/socket-input.ts';

/**
 * Begins to connect to a backend. `allowHalfOpen`: its FIN is the end of its answer, not of our request.
 * @param preface latin1 text that goes ahead of everything, or null
 */
export function openSocket(
  address: SocketAddressConfig,
  preface: string | null,
): { socket: Socket; input: SocketInput } {
  const input = new SocketInput();
  const options = { allowHalfOpen: true, onread: input.onread };
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path, ...options })
      : connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true, ...options });
  if (preface !== null) socket.write(preface, 'latin1');
  return { socket, input };
}
