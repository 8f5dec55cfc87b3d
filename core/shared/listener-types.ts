import type { SocketAddressConfig } from './config-types.ts';
import type { TcpListenerConfig, UdpListenerConfig } from './layer4-types.ts';
import type { PluginConfig } from './plugin-types.ts';
import type { TlsPolicy } from './tls-policy.ts';

/** One entry of `listeners` in the validated config (`config-types.ts`). */
export type ListenerConfig = HttpListenerConfig | TcpListenerConfig | UdpListenerConfig;

/** What all kinds of listeners have. */
export interface ListenerBase {
  readonly name: string;
  readonly address: SocketAddressConfig;
  /** The address as written, for logs and status. */
  readonly addressText: string;
  readonly rules: RuleScriptConfig | null;
  /** In the order of the way in. */
  readonly plugins: readonly PluginConfig[];
  /** Where goes what no rule or route placed. */
  readonly upstream: string | null;
  /** null: as fast as it goes. */
  readonly bandwidth: BandwidthConfig | null;
}

/** Bytes in a second, in each direction; null: any number. */
export interface BandwidthConfig {
  /** Of all connections together. */
  readonly listenerBytes: number | null;
  readonly connectionBytes: number | null;
}

export interface HttpListenerConfig extends ListenerBase {
  readonly protocol: 'http' | 'https';
  /** With https, and only then. */
  readonly tls: TlsConfig | null;
  readonly shadow: ShadowConfig | null;
  readonly routes: readonly RouteConfig[];
  readonly timeouts: {
    /** For a whole request head, from its first byte. */
    readonly headerMs: number;
    /** Between two pieces of a request body. */
    readonly bodyMs: number;
    /** Between two requests of a connection. */
    readonly idleMs: number;
    /** For a client that takes none of an answer. */
    readonly writeMs: number;
  };
  readonly limits: {
    readonly headBytes: number;
    readonly headers: number;
    readonly targetBytes: number;
    /** null: none. */
    readonly bodyBytes: number | null;
    /** For the whole listener in one worker's share: the worker enforces ceil(connections / workers). */
    readonly connections: number;
    readonly connectionsPerClient: number | null;
  };
  readonly webSocket: {
    /** Without a byte either way. */
    readonly idleMs: number;
    /** Without a byte from an end until it is pinged; null: never. */
    readonly pingMs: number | null;
    /** For the whole listener, of which each worker gets an equal share; null: none. */
    readonly connections: number | null;
    /** How long one may go on when its listener or backend goes away. */
    readonly drainTimeoutMs: number;
  };
  /** null: HTTP/1.1 only. */
  readonly http2: Http2Config | null;
  readonly forwarded: {
    /** CIDRs of peers whose X-Forwarded-*, Forwarded and X-Request-Id are believed, and `unix:` for every peer on a Unix socket. */
    readonly trust: readonly string[];
    /** Send X-Forwarded-For, -Proto, -Host and -Port. */
    readonly xForwarded: boolean;
    /** Send Forwarded (RFC 7239). */
    readonly forwarded: boolean;
    readonly via: boolean;
    readonly requestId: boolean;
    /** Send X-Client-Cert-Subject and -Fingerprint. */
    readonly clientCertificate: boolean;
  };
  readonly errorPages: readonly ErrorPageConfig[];
  /** Every connection begins with a header of the PROXY protocol; null: none does. */
  readonly proxyProtocol: ProxyProtocolConfig | null;
  /** null: nothing is redirected. */
  readonly redirectToHttps: HttpsRedirectConfig | null;
  /** The value of Strict-Transport-Security in every answer over TLS; null: none is added. */
  readonly hsts: string | null;
}

export interface ProxyProtocolConfig {
  /** CIDRs of the peers whose header is believed. All others are turned away, but on a Unix socket. */
  readonly trust: readonly string[];
  readonly timeoutMs: number;
}

export interface HttpsRedirectConfig {
  readonly status: 301 | 302 | 307 | 308;
  readonly port: number;
  /** `/exact` or `/prefix/*`. */
  readonly except: readonly string[];
}

/** What a client may do on one HTTP/2 connection. */
export interface Http2Config {
  readonly maxStreams: number;
  /** Of a request body, ahead of its backend. */
  readonly windowBytes: number;
  /** Of all request bodies of a connection. */
  readonly connectionWindowBytes: number;
  /** How many in a second end the connection; `continuations`: of one header block. */
  readonly floods: {
    readonly resets: number;
    readonly pings: number;
    readonly settings: number;
    readonly emptyFrames: number;
    readonly continuations: number;
  };
}

export interface TlsConfig {
  /** Stands for `certificates`, `managed`, `default`, `unknownNames` and `ocspStapling` between the processes. */
  readonly certificateSet: string;
  /** Empty in workers, which ask the primary for what they need. */
  readonly certificates: readonly CertificateConfig[];
  /** Names that these files do not serve may have certificates that are obtained. */
  readonly managed: boolean;
  /** null: the first certificate. */
  readonly default: string | null;
  readonly unknownNames: 'default' | 'refuse';
  /** Of `certificates`; what is obtained has its staples in any case. */
  readonly ocspStapling: boolean;
  readonly policy: TlsPolicy;
  /** What is offered to clients by ALPN (RFC 7301), the preferred one first. */
  readonly protocols: readonly string[];
  /** `ca`: PEM. */
  readonly clientCertificates: { readonly mode: 'require' | 'optional'; readonly ca: string } | null;
  readonly handshakeTimeoutMs: number;
  /** In one worker. */
  readonly maxHandshakes: number;
  readonly ticketRotationMs: number;
  /** Certificates that a worker keeps ready. */
  readonly cache: number;
}

export interface CertificateConfig {
  /** Absolute paths. */
  readonly cert: string;
  readonly key: string;
  /** Lower case; null: those in the certificate. */
  readonly names: readonly string[] | null;
}

export interface RuleScriptConfig {
  /** Absolute path. */
  readonly script: string;
  readonly timeLimitMs: number;
  readonly memoryLimitBytes: number;
  readonly onError: 'deny' | 'next';
  /** null: it serves. Else it is tried beside one that does, for so long of each second. */
  readonly shadow: { readonly budgetMs: number } | null;
}

/** A rule script that is asked beside the one that serves, and changes nothing. */
export interface ShadowConfig {
  readonly rules: RuleScriptConfig;
  /** The share of the requests that it is asked about, above 0 to 1. */
  readonly sample: number;
}

/** One row of a listener's table. A missing field matches everything. */
export interface RouteConfig {
  /** `api.example.com`, `*.example.com`, or null. Lower case, no port. */
  readonly host: string | null;
  /** `/exact` or `/prefix/*`, or null. */
  readonly path: string | null;
  /** Upper-case method names; empty: all. */
  readonly methods: readonly string[];
  /** Lower-case header name → exact value, or true for "is present". */
  readonly headers: readonly { readonly name: string; readonly value: string | true }[];
  readonly upstream: string;
  readonly plugins: readonly PluginConfig[];
}

export interface ErrorPageConfig {
  /** `404`, `4xx`, `5xx` or `default`. */
  readonly match: string;
  /** File contents with `{status}`, `{reason}`, `{requestId}` placeholders; null: the built-in page. */
  readonly html: string | null;
  readonly json: string | null;
}
