import type { CertificatesConfig } from './certificates-config.ts';
import type { HealthCheckConfig, HealthLogConfig, PassiveHealthConfig } from './health-types.ts';
import type { ListenerConfig, RuleScriptConfig } from './listener-types.ts';
import type { PluginConfig } from './plugin-types.ts';
import type { CircuitBreakerConfig, RetriesConfig } from './retry-types.ts';
import type { StickyConfig } from './sticky-types.ts';
import type { TlsPolicy } from './tls-policy.ts';

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
  /** null: certificates come from files alone. Always null in workers, which have no use for the secrets in it. */
  readonly certificates: CertificatesConfig | null;
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
  /** null: no health log is kept. */
  readonly healthLog: HealthLogConfig | null;
}

/** Where a socket is bound or connected: TCP, or a Unix socket path. */
export type SocketAddressConfig =
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** One of the addresses that `host` stands for at present: where a backend given by name is connected. Never in a config. */
      readonly ip?: string;
      /** Of an IPv6 address that is listened on: IPv4 clients are not taken too. */
      readonly ipv6Only?: true;
    }
  | {
      readonly kind: 'unix';
      readonly path: string;
      /** The permissions of the socket file that a listener makes; without it those of the umask. */
      readonly mode?: number;
    };

export interface UpstreamConfig {
  readonly name: string;
  readonly scheduler: SchedulerConfig;
  readonly backends: readonly BackendConfig[];
  /** The rows which are upstreams themselves; there is no cycle of them. */
  readonly nested: readonly NestedUpstreamConfig[];
  /** With fewer backends available the next priority group is used besides. */
  readonly minAvailable: number;
  /** How long a backend that comes (back) takes to get its full share; null: it gets that at once. */
  readonly slowStartMs: number | null;
  /** Exchanges under way at one backend, of all workers together; null: any number. */
  readonly maxConnections: number | null;
  /** For requests that find no backend with a place free: how many may wait in one worker, and how long. */
  readonly queue: { readonly length: number; readonly timeoutMs: number };
  /** Among how many workers `maxConnections` is shared. */
  readonly workers: number;
  /** null: every request goes where the scheduler sends it. */
  readonly sticky: StickyConfig | null;
  /** How often host names of backends are resolved; null: as long as their answers live. */
  readonly resolveIntervalMs: number | null;
  readonly timeouts: {
    readonly connectMs: number;
    /** To the answer's head, and between two pieces of it. */
    readonly responseMs: number;
    /** A pooled connection unused. */
    readonly idleMs: number;
  };
  /** `auto`: HTTP/2 or HTTP/1.1, as the backend chooses in the TLS handshake (ALPN). */
  readonly protocol: 'http1' | 'h2' | 'h2c' | 'auto';
  /** Whose port is connected to; `listener`: the one that the client connected to. */
  readonly port: 'backend' | 'listener';
  /** null: none. Never with `h2c`, always with `h2` and `auto`. */
  readonly tls: UpstreamTlsConfig | null;
  readonly limits: {
    /** The head of an answer. */
    readonly headBytes: number;
    readonly headers: number;
  };
  /** How the primary probes its backends; null: not at all. Always null in workers. */
  readonly healthCheck: HealthCheckConfig | null;
  /** null: what happens to requests ejects no backend. */
  readonly passiveHealth: PassiveHealthConfig | null;
  readonly retries: RetriesConfig;
  /** null: there is none. */
  readonly circuitBreaker: CircuitBreakerConfig | null;
  /** The upstream that stands in for this one; there is no cycle of them. null: none does. */
  readonly fallback: string | null;
  readonly connections: {
    /** To one backend from one worker, in use and idle; null: none. */
    readonly max: number | null;
    /** Kept idle to one backend by one worker. */
    readonly maxIdle: number;
    /** Exchanges at a time on one HTTP/2 connection; the backend may allow fewer. */
    readonly streams: number;
    /** Kept open to each backend that takes requests, by one worker. */
    readonly warmUp: number;
    /** null: any. */
    readonly maxAgeMs: number | null;
    readonly maxRequests: number | null;
  };
  /** The header that connections to backends begin with; null: none. */
  readonly proxyProtocol: 'v1' | 'v2' | null;
  /** In the order of the way in. */
  readonly plugins: readonly PluginConfig[];
}

/** TLS to the backends of an upstream. Files are held as their text, since workers may lack the right to read them. */
export interface UpstreamTlsConfig {
  /** PEM certificates to trust; null: those of Node. */
  readonly ca: string | null;
  /** Whether the backend has to prove its name. */
  readonly verify: boolean;
  /** The name to ask for (SNI) and to be proved; null: the host of the backend's address. */
  readonly serverName: string | null;
  /** Our own certificate chain and its key, PEM; both or none. */
  readonly cert: string | null;
  readonly key: string | null;
  /** null: what Node allows from `minVersion` on. */
  readonly policy: TlsPolicy | null;
  readonly minVersion: TlsPolicy['minVersion'];
}

export type SchedulerName =
  | 'round-robin'
  | 'weighted'
  | 'weighted-round-robin'
  | 'random'
  | 'weighted-random'
  | 'power-of-two-choices'
  | 'key-modulo'
  | 'key-ranges'
  | 'consistent-hash'
  | 'maglev'
  | 'least-connections'
  | 'fastest'
  | 'observed'
  | 'predictive'
  | 'dynamic-ratio';

/** What a scheduler does not look at has its default. */
export interface SchedulerConfig {
  readonly type: SchedulerName;
  /** Any form of `parseSchedulerKey`; null where the scheduler wants none. */
  readonly key: string | null;
  /** Of a key with `{…}` in it only that counts. */
  readonly subKey: boolean;
  /** No backend gets more than so many times its share of the exchanges under way; null: however much. */
  readonly bounded: number | null;
  /** Entries of the table of `maglev`; a prime number. */
  readonly table: number;
  /** Of `key-ranges`: they do not overlap, and their bounds are all numbers or all texts. */
  readonly ranges: readonly KeyRangeConfig[];
  /** The header in which backends report their weight, in lower case; null: none. */
  readonly header: string | null;
}

export interface KeyRangeConfig {
  /** The lowest key; null: no lower bound. */
  readonly from: number | string | null;
  /** The first key behind it; null: no upper bound. */
  readonly to: number | string | null;
  /** Backends by their address as written. */
  readonly backends: readonly string[];
}

/** `drain`: no new requests but those of sticky clients. `maintenance`: none at all. */
export type BackendState = 'ready' | 'drain' | 'maintenance';

/** What a row of an upstream's `backends` says of its share in the requests. */
export interface BackendTerms {
  /** 0 takes no new request. */
  readonly weight: number;
  readonly state: BackendState;
  /** Its group: 0 is used first, the next ones where too few of those before are available; BACKUP_PRIORITY with `backup: true`. */
  readonly priority: number;
}

export interface BackendConfig extends BackendTerms {
  readonly address: SocketAddressConfig;
  readonly addressText: string;
  /** The `addressText` of the row in whose place it takes requests while that one takes none; not health-checked then. null: it has a place of its own. */
  readonly backupFor: string | null;
  /** Without it: as its upstream has it. */
  readonly maxConnections?: number;
}

export interface NestedUpstreamConfig extends BackendTerms {
  readonly upstream: string;
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
