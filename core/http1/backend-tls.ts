import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { SocketAddressConfig, UpstreamTlsConfig } from '../shared/config-types.ts';
import { policyOptions } from '../shared/tls-policy.ts';
import type { SocketInput } from '../shared/socket-input.ts';

/** TLS to one backend: what its connections have in common, and the session that the next one resumes. */
export class BackendTls {
  readonly #config: UpstreamTlsConfig;
  readonly #address: SocketAddressConfig;
  #context: SecureContext | null = null;
  #session: Buffer | null = null;

  constructor(config: UpstreamTlsConfig, address: SocketAddressConfig) {
    this.#config = config;
    this.#address = address;
  }

  /**
   * Begins to connect; 'secureConnect' follows when the backend has proved who it is.
   * @param protocols for ALPN, the one that we like best first
   * @param carrier the connection to use, which may still come about; null: one of its own
   */
  connect(protocols: readonly string[], input: SocketInput, carrier: Socket | null): Socket {
    const { verify, serverName } = this.#config;
    const address = this.#address;
    const name = serverName ?? (address.kind === 'tcp' ? address.host : '');
    this.#context ??= this.#createContext();
    const options: ConnectionOptions = {
      secureContext: this.#context,
      ALPNProtocols: [...protocols],
      rejectUnauthorized: verify,
      // RFC 6066 3: a literal address is no server name; it is held against the certificate all the same.
      ...(name === '' || isIP(name) !== 0 ? {} : { servername: name }),
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      ...(this.#session === null ? {} : { session: this.#session }),
    };
    const socket =
      carrier === null ? this.#connectAlone(options, input) : connectOver(carrier, options, input);
    socket.on('session', (session) => (this.#session = session));
    return socket;
  }

  #connectAlone(terms: ConnectionOptions, input: SocketInput): TLSSocket {
    const address = this.#address;
    const options: ConnectionOptions = {
      ...terms,
      // @ts-expect-error -- tls.connect passes it on to net.connect, and its types do not say so
      allowHalfOpen: true,
      onread: input.onread,
    };
    const socket =
      address.kind === 'unix'
        ? connect({ path: address.path, ...options })
        : connect({ host: address.ip ?? address.host, port: address.port, ...options });
    if (address.kind === 'tcp') socket.setNoDelay(true).setKeepAlive(true);
    return socket;
  }

  #createContext(): SecureContext {
    const { ca, cert, key, policy, minVersion } = this.#config;
    return createSecureContext({
      ...(policy === null ? { minVersion } : policyOptions(policy)),
      ...(ca === null ? {} : { ca }),
      ...(cert === null || key === null ? {} : { cert, key }),
    });
  }
}

/** Node has no `onread` for a connection that is there already, and takes `allowHalfOpen` from it. */
function connectOver(carrier: Socket, terms: ConnectionOptions, input: SocketInput): TLSSocket {
  const socket = connect({ socket: carrier, ...terms });
  input.readFrom(socket);
  return socket;
}
