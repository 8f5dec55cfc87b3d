import type { ListenerBase, ProxyProtocolConfig, TlsConfig } from './listener-types.ts';

/** Listeners that pass bytes on without a word of what they mean (`listener-types.ts` has those of HTTP). */

export interface TcpListenerConfig extends ListenerBase {
  /** `tls`: TLS is ended here. */
  readonly protocol: 'tcp' | 'tls';
  /** Of a range of ports that begins with the one of `address`; null: there is that one only. */
  readonly lastPort: number | null;
  /** With `tls`, and only then. */
  readonly tls: TlsConfig | null;
  /** Whether the name that a client asks for is read from its ClientHello, which passes on untouched. Only with `tcp`. */
  readonly sni: boolean;
  readonly routes: readonly TcpRouteConfig[];
  readonly timeouts: {
    /** Without a byte either way. */
    readonly idleMs: number;
    /** The same once one end has sent its last byte. */
    readonly halfClosedMs: number;
    /** For the first bytes, where something is to be known of them. */
    readonly inspectMs: number;
    /** Of a whole connection; null: any. */
    readonly lifetimeMs: number | null;
  };
  readonly limits: {
    /** For the whole listener: a worker enforces ceil(connections / workers). */
    readonly connections: number;
    readonly connectionsPerClient: number | null;
    /** First bytes that are held until it is known where they go. */
    readonly inspectBytes: number;
  };
  /** How long a connection may go on when its listener or backend goes away. */
  readonly drainTimeoutMs: number;
  /** Every connection begins with a header of the PROXY protocol; null: none does. */
  readonly proxyProtocol: ProxyProtocolConfig | null;
}

/** One row of a TCP listener's table. A missing field matches everything. */
export interface TcpRouteConfig {
  /** `db.example.com`, `*.example.com`, or null. Lower case. */
  readonly serverName: string | null;
  /** One of the protocols that the client offers by ALPN (RFC 7301), or null. */
  readonly alpn: string | null;
  readonly upstream: string;
}

export interface UdpListenerConfig extends ListenerBase {
  readonly protocol: 'udp';
  readonly lastPort: number | null;
  readonly tls: null;
  readonly timeouts: {
    /** Of a session over which no datagram comes either way. */
    readonly idleMs: number;
  };
  readonly limits: {
    /** For the whole listener: a worker enforces ceil(sessions / workers). */
    readonly sessions: number;
    readonly sessionsPerClient: number | null;
    /** Datagrams that one socket holds until the kernel takes them. */
    readonly queueBytes: number;
  };
  /** Whether the datagrams of a session go to the backend of the first one. */
  readonly sticky: boolean;
  /** Whether the backend of a session follows from the client's address and port; else the upstream's scheduler picks for each. */
  readonly consistent: boolean;
  /** So many datagrams of the backend end a session; null: any number. */
  readonly responses: number | null;
  /** So many datagrams of the client make a session full; null: any number. */
  readonly datagrams: number | null;
  readonly drainTimeoutMs: number;
}
