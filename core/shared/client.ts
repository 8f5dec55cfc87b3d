import type { TlsInfo } from './tls-info.ts';

/** Who has connected, and where to. */
export interface Client {
  readonly address: string;
  /** The client's own port; 0 where it has none. */
  readonly port: number;
  /** The address that the client connected to; `unknown` for a Unix socket. */
  readonly localAddress: string;
  /** The port that the client connected to. */
  readonly localPort: number;
  /** Not on plain connections. */
  readonly tls?: TlsInfo;
}
