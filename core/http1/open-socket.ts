import { connect, type OnReadOpts, type Socket } from 'node:net';
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
 * @param preface latin1 text that goes ahead of everything, a TLS handshake too, or null
 */
export function openSocket(
  address: SocketAddressConfig,
  tls: BackendTls | null,
  protocols: readonly string[],
  preface: string | null,
): OpeningSocket {
  const input = new SocketInput();
  if (tls === null) {
    const socket = connectPlain(address, preface, input.onread);
    return { socket, input, preface, readyEvent: 'connect' };
  }
  const carrier = preface === null ? null : connectPlain(address, preface);
  return { socket: tls.connect(protocols, input, carrier), input, preface, readyEvent: 'secureConnect' };
}

function connectPlain(address: SocketAddressConfig, preface: string | null, onread?: OnReadOpts): Socket {
  const options = { allowHalfOpen: true, ...(onread === undefined ? {} : { onread }) };
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
  return socket;
}
