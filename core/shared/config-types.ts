/**
 * The validated config, as every part of the program sees it: durations in `…Ms`, sizes in
 * `…Bytes`, all defaults filled in. `config/schema.ts` produces it; it is plain JSON, so that it crosses IPC.
 */
export interface Config {
  /** Absolute path of the config file. */
  readonly file: string;
  readonly listeners: readonly ListenerConfig[];
  /** In the file's order. Names are unique and match /^[A-Za-z0-9][A-Za-z0-9._-]*$/. */
  readonly upstreams: readonly UpstreamConfig[];
  /** Named address lists for rules: name → CIDRs. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly workers: number;
  readonly admin: { readonly address: SocketAddressConfig } | null;
  readonly user: string | null;
  readonly group: string | null;
  readonly shutdownTimeoutMs: number;
  /** A worker that has been silent for this long is replaced. */
  readonly workerTimeoutMs: number;
  readonly log: LogConfig;
}

/** Where a socket is bound or connected: TCP, or a Unix socket path. */
export type SocketAddressConfig =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface ListenerConfig {
  readonly name: string;
  readonly protocol: 'http';
  readonly address: SocketAddressConfig;
  /** The address as written, for logs and status. */
  readonly addressText: string;
  readonly rules: RuleScriptConfig | null;
  readonly routes: readonly RouteConfig[];
  /** Where a request goes that no rule or route placed. */
  readonly upstream: string | null;
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
  readonly forwarded: {
    /** CIDRs of peers whose X-Forwarded-*, Forwarded and X-Request-Id are believed. */
    readonly trust: readonly string[];
    /** Send X-Forwarded-For, -Proto, -Host and -Port. */
    readonly xForwarded: boolean;
    /** Send Forwarded (RFC 7239). */
    readonly forwarded: boolean;
    readonly via: boolean;
    readonly requestId: boolean;
  };
  readonly errorPages: readonly ErrorPageConfig[];
  /** Every connection begins with a header of the PROXY protocol; null: none does. */
  readonly proxyProtocol: {
    /** CIDRs of the peers whose header is believed. All others are turned away, but on a Unix socket. */
    readonly trust: readonly string[];
    readonly timeoutMs: number;
  } | null;
  /** null: nothing is redirected. */
  readonly redirectToHttps: HttpsRedirectConfig | null;
  /** The value of Strict-Transport-Security in every answer over TLS; null: none is added. */
  readonly hsts: string | null;
}

export interface HttpsRedirectConfig {
  readonly status: 301 | 302 | 307 | 308;
  readonly port: number;
  /** `/exact` or `/prefix/*`. */
  readonly except: readonly string[];
}

export interface RuleScriptConfig {
  /** Absolute path. */
  readonly script: string;
  readonly timeLimitMs: number;
  readonly memoryLimitBytes: number;
  readonly onError: 'deny' | 'next';
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
}

export interface ErrorPageConfig {
  /** `404`, `4xx`, `5xx` or `default`. */
  readonly match: string;
  /** File contents with `{status}`, `{reason}`, `{requestId}` placeholders; null: the built-in page. */
  readonly html: string | null;
  readonly json: string | null;
}

export interface UpstreamConfig {
  readonly name: string;
  readonly scheduler: SchedulerName;
  readonly backends: readonly BackendConfig[];
  readonly timeouts: {
    readonly connectMs: number;
    /** To the answer's head, and between two pieces of it. */
    readonly responseMs: number;
    /** A pooled connection unused. */
    readonly idleMs: number;
  };
  readonly limits: {
    /** The head of an answer. */
    readonly headBytes: number;
    readonly headers: number;
  };
  /** Attempts in all, the first included. */
  readonly retries: { readonly attempts: number };
  readonly connections: {
    /** To one backend from one worker, in use and idle; null: none. */
    readonly max: number | null;
    /** Kept idle to one backend by one worker. */
    readonly maxIdle: number;
  };
  /** The header that connections to backends begin with; null: none. */
  readonly proxyProtocol: 'v1' | 'v2' | null;
}

export type SchedulerName = 'round-robin' | 'weighted-round-robin' | 'random' | 'least-connections';

export interface BackendConfig {
  readonly address: SocketAddressConfig;
  readonly addressText: string;
  /** 0 takes no new request. */
  readonly weight: number;
}

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** null: standard output. */
  readonly file: string | null;
  readonly access: AccessLogConfig | null;
}

export interface AccessLogConfig {
  readonly format: 'json' | 'combined';
  /** null: standard output. */
  readonly file: string | null;
}

/** One compiled rule script with its settings; made by the primary, run by every worker. */
export interface RuleBundle extends RuleScriptConfig {
  /** SHA-256 over code and settings. */
  readonly id: string;
  readonly code: string;
  /** Source map, JSON. */
  readonly sourceMap: string;
  /** Absolute paths of every file the bundle was made of, for the watcher. */
  readonly inputs: readonly string[];
}
