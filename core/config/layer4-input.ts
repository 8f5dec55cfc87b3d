import type { Duration } from '../shared/duration.ts';
import type { Size } from '../shared/size.ts';
import type { BandwidthInput, ProxyProtocolInput, RulesInput } from './listener-input.ts';
import type { PluginInput } from './plugin-input.ts';
import type { TlsInput } from './tls-input.ts';

export interface TcpListenerInput {
  /** A name of its own, for logs and status. */
  name: string;
  /** `'tls'` ends TLS here and needs certificates: in `tls`, or at the top level. */
  protocol: 'tcp' | 'tls';
  /** `'127.0.0.1:5432'`, `'[::]:5432'`, `':5432'` (every interface), `'unix:/path'`, or a range of ports: `'10.0.0.1:6000-6010'`. */
  address: string;
  /** IPv4 clients are not taken too. Default: false. */
  ipv6Only?: boolean | undefined;
  /** The permissions of a Unix socket's file: `'0660'`. Default: what the umask leaves. */
  socketMode?: string | undefined;
  /** Certificates and the terms of TLS, with `protocol: 'tls'`. */
  tls?: TlsInput | undefined;
  /** What is offered to clients by ALPN, the preferred one first, with `protocol: 'tls'`. Default: nothing. */
  alpn?: readonly string[] | undefined;
  /** The name that a client asks for is read from its ClientHello, which passes on untouched, with `protocol: 'tcp'`. Default: false. */
  sni?: boolean | undefined;
  /** The rule script, whose `connect` handler is asked: its path, or an object with its settings. */
  rules?: string | RulesInput | undefined;
  /** Those whose `connect` and `tls` hooks take part. */
  plugins?: readonly PluginInput[] | undefined;
  /** Where connections go by the name and protocols that the client asks for. The most specific row wins, whatever the order. */
  routes?: readonly TcpRouteInput[] | undefined;
  /** Where a connection goes that no rule or route placed. Without it: it is reset. */
  upstream?: string | undefined;
  timeouts?:
    | {
        /** Without a byte either way. Default: `'10m'`. */
        idle?: Duration | undefined;
        /** The same once one end has sent its last byte. Default: `'1m'`. */
        halfClosed?: Duration | undefined;
        /** For the first bytes, where something is to be known of them. Default: `'5s'`. */
        inspect?: Duration | undefined;
        /** Of a whole connection, however busy it is. Default: `'none'`. */
        lifetime?: Duration | 'none' | undefined;
      }
    | undefined;
  limits?:
    | {
        /** Client connections of the listener, shared out evenly over the workers. Default: 20000. */
        connections?: number | undefined;
        /** Connections from one client address. Default: `'none'`. */
        connectionsPerClient?: number | 'none' | undefined;
        /** First bytes that are held until it is known where they go. Default: `'16KiB'`. */
        inspect?: Size | undefined;
      }
    | undefined;
  /** How long a connection may go on when its listener or backend is taken out, or Tidegate stops. Default: `'10s'`. */
  drainTimeout?: Duration | undefined;
  /** Every connection begins with a PROXY protocol header, version 1 or 2, which names the client. */
  proxyProtocol?: ProxyProtocolInput | undefined;
  /** Bytes in a second, in each direction: `'10MiB/s'` of the whole listener, or an object. Default: as fast as it goes. */
  bandwidth?: BandwidthInput | undefined;
}

/** A field that is left out matches everything. */
export interface TcpRouteInput {
  /** `'db.example.com'`, or `'*.example.com'` for every name below. */
  serverName?: string | undefined;
  /** A protocol that the client offers by ALPN: `'h2'`. */
  alpn?: string | undefined;
  /** Where such connections go. */
  upstream: string;
}

export interface UdpListenerInput {
  /** A name of its own, for logs and status. */
  name: string;
  protocol: 'udp';
  /** `'127.0.0.1:53'`, `'[::]:53'`, `':53'` (every interface), or a range of ports: `'10.0.0.1:6000-6010'`. */
  address: string;
  /** IPv4 clients are not taken too. Default: false. */
  ipv6Only?: boolean | undefined;
  /** The rule script, whose `connect` handler is asked: its path, or an object with its settings. */
  rules?: string | RulesInput | undefined;
  /** Those whose `connect` hooks take part. */
  plugins?: readonly PluginInput[] | undefined;
  /** Where a session goes that no rule placed. Without it: its datagrams are dropped. */
  upstream?: string | undefined;
  /** `idle`: a session over which no datagram comes either way for so long is over. Default: `'30s'`. */
  timeouts?: { idle?: Duration | undefined } | undefined;
  limits?:
    | {
        /** Sessions of the listener, shared out evenly over the workers. Default: 10000. */
        sessions?: number | undefined;
        /** Sessions of one client address. Default: `'none'`. */
        sessionsPerClient?: number | 'none' | undefined;
        /** Datagrams that one socket holds until the kernel takes them. Default: `'256KiB'`. */
        queue?: Size | undefined;
      }
    | undefined;
  /** The datagrams of a session go to the same backend. Default: true. */
  sticky?: boolean | undefined;
  /** The backend of a session follows from the client's address and port, the same in every worker. Default: true. */
  consistent?: boolean | undefined;
  /** So many datagrams of the backend end a session: 1 for DNS. Default: `'none'`. */
  responses?: number | 'none' | undefined;
  /** After so many datagrams of the client the next one begins a new session. Default: `'none'`. */
  datagrams?: number | 'none' | undefined;
  /** How long a session may go on when its listener or backend is taken out, or Tidegate stops. Default: `'10s'`. */
  drainTimeout?: Duration | undefined;
  /** Bytes in a second, in each direction: `'10MiB/s'` of the whole listener, or an object. Default: as fast as it goes. */
  bandwidth?: BandwidthInput | undefined;
}
