import type { ConnectionTls } from '../../core/shared/tls-info.ts';
import { RequestClient, type Client } from './client.ts';

/** Who opened the connection, or sent the first datagram. */
export interface ConnectionClient extends Client {
  /** 0 for a client on a Unix socket. */
  readonly port: number;
}

/** A TCP connection or UDP session, before a backend is chosen. */
export interface RuleConnection {
  /** The listener's name. */
  readonly listener: string;
  readonly protocol: 'tcp' | 'tls' | 'udp';
  readonly client: ConnectionClient;
  /** What the client connected to; `unknown` and 0 for a Unix socket. */
  readonly local: { readonly address: string; readonly port: number };
  /** Null where no TLS was seen: a `tcp` listener looks for it only with `sni`. */
  readonly tls: ConnectionTls | null;
  /**
   * What the client sent first: null until the script has asked for it with `inspect`. It can be less than that where the client has
   * ended or was silent for too long, and more. UDP: the first datagram, always.
   */
  readonly bytes: Uint8Array | null;
}

/** The host wrote it, so it is what it says. */
const parseTls: (json: string) => ConnectionTls = JSON.parse;

/** Over the one string that crosses (see `rules/connection-bridge.ts`), parsed as far as the script looks. */
export class ConnectionHandle implements RuleConnection {
  readonly #parts: readonly string[];
  /** Latin-1; null: none were asked for. */
  readonly #sent: string | null;
  #client: ConnectionClient | null = null;
  #tls: ConnectionTls | null = null;
  #bytes: Uint8Array | null = null;

  constructor(text: string, sent: string | null) {
    this.#parts = text.split('\0');
    this.#sent = sent;
  }

  get listener(): string {
    return this.#part(0);
  }

  get protocol(): 'tcp' | 'tls' | 'udp' {
    const protocol = this.#part(1);
    return protocol === 'tls' || protocol === 'udp' ? protocol : 'tcp';
  }

  get client(): ConnectionClient {
    return (this.#client ??= new ConnectedClient(this.#part(2), Number(this.#part(3))));
  }

  get local(): { readonly address: string; readonly port: number } {
    return { address: this.#part(4), port: Number(this.#part(5)) };
  }

  get tls(): ConnectionTls | null {
    const text = this.#part(6);
    return text === '' ? null : (this.#tls ??= parseTls(text));
  }

  get bytes(): Uint8Array | null {
    const sent = this.#sent;
    if (sent === null || this.#bytes !== null) return this.#bytes;
    const bytes = new Uint8Array(sent.length);
    for (let index = 0; index < sent.length; index++) bytes[index] = sent.charCodeAt(index);
    return (this.#bytes = bytes);
  }

  #part(index: number): string {
    return this.#parts[index] ?? '';
  }
}

class ConnectedClient extends RequestClient implements ConnectionClient {
  readonly port: number;

  constructor(address: string, port: number) {
    super(address);
    this.port = port;
  }
}
