/** A client as a proxy before this one tells of it. */
export interface ProxiedClient {
  /** `unknown` for the client of a Unix socket, which has none (RFC 7239 6.2). */
  readonly address: string;
  readonly port: number;
  /** What the client connected to; null where that is no address with a port. */
  readonly local: { readonly address: string; readonly port: number } | null;
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
