import { connect, type Socket } from 'node:net';
import type { SocketAddressConfig } from '../shared/config-types.ts';
import { SocketInput } from '../shared/socket-input.ts';
import type { BackendTls } from './backend-tls.ts';

/** A connection to a backend that comes about. */
export interface OpeningSocket {
  readonly socket: Socket;
  readonly input: SocketInput;
  /** What it begins with, which makes it one client's alone; null: nothing. */
  readonly preface: string | null;
  /** What the socket says when it can be used; null: it can be already. */
  readonly readyEvent: 'connect' | 'secureConnect' | null;
}

/**
 * Begins to connect to a backend. `allowHalfOpen`: its FIN is the end of its answer, not of our request.
 * @param protocols what is offered by ALPN where there is TLS
 * @param preface latin1 text that goes ahead of everything, or null; not together with TLS
 */
export function openSocket(
  address: SocketAddressConfig,
  tls: BackendTls | null,
  protocols: readonly string[],
  preface: string | null,
): OpeningSocket {
  const input = new SocketInput();
  if (tls !== null)
    return { socket: tls.connect(protocols, input), input, preface: null, readyEvent: 'secureConnect' };
  const options = { allowHalfOpen: true, onread: input.onread };
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path, ...options })
      : connect({
          host: address.ip ?? address.host,
          port: address.port,
          noDelay: true,
          keepAlive: true,
          ...options,
        });
  if (preface !== null) socket.write(preface, 'latin1');
  return { socket, input, preface, readyEvent: 'connect' };
}
