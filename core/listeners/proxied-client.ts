import type { Peer } from '../exchange/streams.ts';

/** A client as a proxy before this one tells of it. */
export interface ProxiedClient {
  /** `unknown` for the client of a Unix socket, which has none (RFC 7239 6.2). */
  readonly address: string;
  readonly port: number;
  /** What the client connected to; null where that is no address with a port. */
  readonly local: { readonly address: string; readonly port: number } | null;
}

/** The client, as the peer that a listener serves. */
export function behindProxy(proxy: Peer, { address, port, local }: ProxiedClient): Peer {
  return {
    ...proxy,
    address,
    port,
    ...(local === null ? {} : { localAddress: local.address, localPort: local.port }),
  };
}

/** What a header of the PROXY protocol says of the connection that begins with it. */
export interface ProxyHeader {
  /** How many bytes it takes; what comes behind them is the client's. */
  readonly bytes: number;
  /** null: the proxy speaks for itself, or does not know. The connection's own addresses hold. */
  readonly client: ProxiedClient | null;
}

/** What came is no header of the PROXY protocol. */
export class ProxyHeaderError extends Error {
  override readonly name = 'ProxyHeaderError';
}
