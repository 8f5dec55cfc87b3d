import type { BackendOverrides } from '../shared/backend-overrides.ts';
import type { Certificate } from '../shared/certificate.ts';
import type { Challenges } from '../shared/challenges.ts';
import type { BackendState, Config, RuleBundle } from '../shared/config-types.ts';
import { listenAddresses } from '../shared/listener-kinds.ts';
import type { CheckedBackend } from '../shared/health-types.ts';
import type { PluginBundle, PluginStatus } from '../shared/plugin-types.ts';
import type { RuleStatus, ShadowStatus } from '../shared/rule-script.ts';
import type { LearnedNews } from '../shared/sticky-types.ts';

/**
 * Everything that the primary and a worker say to each other. Both ends are the same build of the
 * same program and the channel is private, so the messages are trusted as typed.
 */

/** A host name of backends, in lower case, and its IP addresses. */
export type NameAddresses = readonly [name: string, addresses: readonly string[]];

/** A whole config version: what a worker needs to serve it, and nothing else. */
export interface SnapshotPlan {
  /** Counts up from 1 with every attempt to reload. */
  readonly version: number;
  readonly config: Config;
  readonly rules: readonly RuleBundle[];
  /** Listener name → id of its rule bundle. */
  readonly listenerRules: Readonly<Record<string, string>>;
  /** Listener name → id of the script that is tried beside that, of `rules` too. */
  readonly listenerShadows: Readonly<Record<string, string>>;
  /** The plugins that are no built-in ones. */
  readonly plugins: readonly PluginBundle[];
}

export type PrimaryMessage =
  /** Sent with a bound, not yet listening handle; the worker keeps it by this key (see `listenKey`) until a snapshot uses it. */
  | { readonly type: 'socket'; readonly key: string }
  /** The same with a UDP socket, of which each worker has its own; `localAddress`: that it is bound to. By `udpKeys`. */
  | { readonly type: 'udp-socket'; readonly key: string; readonly localAddress: string }
  /** Build this snapshot beside the live one and answer `prepared` or `refused`. */
  | { readonly type: 'prepare'; readonly plan: SnapshotPlan }
  /** Make the plugin that stands at `path` in the config of this snapshot, close it, and answer `plugin-tried`. */
  | { readonly type: 'try-plugin'; readonly plan: SnapshotPlan; readonly path: string }
  /** Swap to the prepared snapshot, open and close listeners, answer `committed`. */
  | { readonly type: 'commit'; readonly version: number }
  /** Forget the prepared snapshot. */
  | { readonly type: 'rollback'; readonly version: number }
  /** `auditMs`: how much of the past it is to tell of in `BackendStatus.traffic`; null: nothing. */
  | { readonly type: 'status'; readonly id: number; readonly auditMs: number | null }
  /** Answer `pong` at once, whatever is being prepared. */
  | { readonly type: 'ping' }
  /** The addresses that host names of backends stand for from now on; none: the name gives no backend. */
  | { readonly type: 'addresses'; readonly names: readonly NameAddresses[] }
  /** What commands have set for backends, all of it, from now on; answered with a `backend-overrides` of the same revision. */
  | {
      readonly type: 'backend-overrides';
      readonly revision: number;
      readonly overrides: BackendOverrides;
    }
  /** What active checks have found of these backends; of others nothing has changed. */
  | { readonly type: 'backend-health'; readonly backends: readonly CheckedBackend[] }
  /**
   * The answer to `certificate-wanted`; `found: null`: there is none for that name.
   * `askRule`: the listener's rule script says whether the name may have a certificate; where it says no, `found` is presented.
   * `keepMs`: after that long the answer may be another one; absent: not before `certificates-changed`.
   */
  | {
      readonly type: 'certificate';
      readonly id: number;
      readonly found: Certificate | null;
      readonly askRule?: boolean;
      readonly keepMs?: number;
    }
  /** What was answered about this set before may be out of date. */
  | { readonly type: 'certificates-changed'; readonly set: string }
  /** What to answer a CA's challenges with from now on, all of it; answered with a `challenges` of the same revision. */
  | { readonly type: 'challenges'; readonly revision: number; readonly challenges: Challenges }
  /** The keys of session tickets from now on, in base64, by `TlsConfig.ticketRotationMs`: the one that seals, then the one before it. */
  | { readonly type: 'ticket-keys'; readonly keys: Readonly<Record<number, readonly string[]>> }
  /** What other workers have learned of clients; to one that comes up, all that is known, behind its `prepared`. */
  | { readonly type: 'sticky-sessions'; readonly news: LearnedNews }
  | PluginMessage
  | { readonly type: 'reopen-logs' }
  /** Stop accepting, finish what runs, close idle connections, then answer `drained` and exit 0. `isAlone`: other workers go on. */
  | { readonly type: 'drain'; readonly timeoutMs: number; readonly isAlone: boolean };

export type WorkerMessage =
  /** The channel is up; the worker waits for sockets and its first snapshot. */
  | { readonly type: 'online' }
  | { readonly type: 'prepared'; readonly version: number }
  | { readonly type: 'refused'; readonly version: number; readonly problems: readonly string[] }
  | { readonly type: 'committed'; readonly version: number }
  /** `problems`: why it could not be made; empty when it could. */
  | { readonly type: 'plugin-tried'; readonly path: string; readonly problems: readonly string[] }
  | { readonly type: 'status'; readonly id: number; readonly status: WorkerStatus }
  | { readonly type: 'pong' }
  /** It goes by the overrides of this revision. */
  | { readonly type: 'backend-overrides'; readonly revision: number }
  /** It answers with the challenges of this revision. */
  | { readonly type: 'challenges'; readonly revision: number }
  /**
   * Answered with a `certificate` of the same id: at once, unless one is to be obtained. `set`: `TlsConfig.certificateSet`;
   * `serverName`: empty for the default. `allowed`: the rule script was asked, and the name may have a certificate.
   */
  | {
      readonly type: 'certificate-wanted';
      readonly id: number;
      readonly set: string;
      readonly serverName: string;
      readonly allowed?: true;
    }
  /** A rule script was ended by the watchdog or passed its memory limit. Counts toward its quarantine. */
  | {
      readonly type: 'rule-fault';
      readonly ruleId: string;
      readonly fault: 'time' | 'memory';
      readonly detail: string;
    }
  /** For the other workers. */
  | { readonly type: 'sticky-sessions'; readonly news: LearnedNews }
  | PluginMessage
  | { readonly type: 'drained' };

/** From a plugin instance in one worker to the instances of the same id in the others. */
export interface PluginMessage {
  readonly type: 'plugin-message';
  readonly instance: string;
  /** JSON, within a bound that the sender keeps. */
  readonly body: string;
}

/**
 * What a listening socket goes by from one snapshot to the next: its address. Listeners at port 0 have
 * a port of their own each, which only their names tell apart.
 */
export function listenKey({ name, address }: Pick<Config['listeners'][number], 'name' | 'address'>): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  if (address.port === 0) return `${address.host}|0|${name}`;
  return `${address.host}|${address.port}${address.ipv6Only === true ? '|ipv6Only' : ''}`;
}

/** One for each TCP port of a listener. */
export function listenKeys(listener: Config['listeners'][number]): readonly string[] {
  if (listener.protocol === 'udp') return [];
  return listenAddresses(listener).map((address) => listenKey({ name: listener.name, address }));
}

/** The same for UDP: one for each port. */
export function udpKeys(listener: Config['listeners'][number]): readonly string[] {
  if (listener.protocol !== 'udp') return [];
  return listenAddresses(listener).map((address) => `udp|${listenKey({ name: listener.name, address })}`);
}

export interface WorkerStatus {
  readonly pid: number;
  readonly snapshotVersion: number;
  readonly uptimeMs: number;
  readonly rssBytes: number;
  readonly listeners: readonly ListenerStatus[];
  readonly upstreams: readonly UpstreamStatus[];
  readonly rules: readonly RuleStatus[];
  readonly shadows: readonly ShadowStatus[];
  readonly plugins: readonly PluginStatus[];
}

/** Requests that wait, or waited, for a backend with a place free. */
export interface QueueStatus {
  readonly waiting: number;
  /** Those who got a place. */
  readonly served: number;
  readonly refused: number;
  readonly timedOut: number;
  /** Bucket counts of `shared/latency-histogram.ts`: how long those who got a place had waited. */
  readonly waits: readonly number[];
}

export type ListenerStatus = HttpListenerStatus | TcpListenerStatus | UdpListenerStatus;

export interface HttpListenerStatus {
  readonly kind: 'http';
  readonly protocol: 'http' | 'https';
  readonly name: string;
  readonly connections: number;
  readonly requests: number;
  /** Exchanges under way. */
  readonly inFlight: number;
  /** WebSockets that are open or being opened; they are in flight, too. */
  readonly webSockets: number;
  /** Answers by status class, 1xx to 5xx. */
  readonly statuses: readonly [number, number, number, number, number];
  /** Requests refused before they became an exchange (malformed, over a limit, too slow). */
  readonly refused: number;
}

/** What connections and sessions have in common. */
export interface CarriedCounts {
  /** In all, those that were denied included. */
  readonly accepted: number;
  /** Turned away by a limit, or for their PROXY header or TLS handshake. */
  readonly refused: number;
  /** By a plugin or a rule. */
  readonly denied: number;
  /** Passed on so far, by those that are open, too. */
  readonly bytesFromClients: number;
  readonly bytesFromBackends: number;
}

export interface TcpListenerStatus extends CarriedCounts {
  readonly kind: 'tcp';
  readonly protocol: 'tcp' | 'tls';
  readonly name: string;
  /** Open now. */
  readonly connections: number;
}

export interface UdpListenerStatus extends CarriedCounts {
  readonly kind: 'udp';
  readonly name: string;
  /** Open now. */
  readonly sessions: number;
  readonly datagramsFromClients: number;
  readonly datagramsFromBackends: number;
  /** Datagrams that were not passed on, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

export interface UpstreamStatus extends RetryCounts {
  readonly name: string;
  readonly backends: readonly BackendStatus[];
  /** null: its backends take any number of requests. */
  readonly queue: QueueStatus | null;
}

/** What became of the requests of an upstream that its backends failed. */
export interface RetryCounts {
  /** Attempts beyond the first, hedges included. */
  readonly retries: number;
  /** Those that the budget had no room for. */
  readonly retriesRefused: number;
  readonly hedges: number;
  /** Requests that went on to the fallback. */
  readonly fallbacks: number;
}

export interface BackendStatus {
  readonly address: string;
  /** The text of its row in the config. */
  readonly row: string;
  /** As configured, or set by a command. */
  readonly weight: number;
  /** How much of the weight it has by now: 1 but in its slow start. */
  readonly slowStartShare: number;
  readonly priority: number;
  readonly state: BackendState;
  /** Whether new requests may go to it: state, health, its group, its place in a pair. */
  readonly isCandidate: boolean;
  readonly health: 'up' | 'down';
  /** Of this worker's circuit breaker; null: there is none. */
  readonly circuit: 'closed' | 'half-open' | 'open' | null;
  /** What it asks for itself, by its agent. */
  readonly reportedState: 'ready' | 'drain' | 'maintenance';
  /** This worker leaves it out until then (epoch milliseconds) for what befell its requests; null: it does not. */
  readonly ejection: { readonly until: number; readonly reason: string } | null;
  readonly inFlight: number;
  readonly requests: number;
  readonly errors: number;
  readonly connections: { readonly active: number; readonly idle: number };
  /** Requests of the time that was asked for, by who chose the backend, and for how long it has taken them. null: not asked for, or an upstream in the place of a backend. */
  readonly traffic: {
    readonly scheduler: number;
    readonly session: number;
    readonly other: number;
    /** null: it takes none. */
    readonly takesRequestsForMs: number | null;
  } | null;
  /** Bucket counts of `shared/latency-histogram.ts`, to be added up over workers. */
  readonly latency: readonly number[];
}
