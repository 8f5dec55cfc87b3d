/** How the backends of an upstream are probed; made by the config, used by the primary. */
export interface HealthCheckConfig {
  readonly probe: ProbeConfig;
  readonly intervalMs: number;
  /** Each wait is longer or shorter by up to this share of it. */
  readonly jitter: number;
  readonly timeoutMs: number;
  /** Between checks of a backend that is down, or whose last result spoke against what it is taken for. */
  readonly fastIntervalMs: number;
  /** Results in a row that turn down into up, and up into down. */
  readonly rise: number;
  readonly fall: number;
  /** null: the backend's own. */
  readonly port: number | null;
  /** The local IP address that checks come from; null: as the system chooses. */
  readonly sourceAddress: string | null;
}

export type ProbeConfig =
  HttpProbeConfig | WebSocketProbeConfig | GrpcProbeConfig | SocketProbeConfig | CommandProbeConfig;

export interface HttpProbeConfig {
  readonly type: 'http' | 'https' | 'h2';
  readonly method: string;
  readonly path: string;
  /** null: the backend's address. */
  readonly host: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** First and last status of each accepted range. */
  readonly statuses: readonly (readonly [first: number, last: number])[];
  /** What the body has to hold; null: anything. */
  readonly body: string | null;
  /** The member of a JSON answer in which a backend says how much it wants (`load.weight`); null: none. */
  readonly weightField: string | null;
  /** Whether checks follow each other on one connection. */
  readonly reuse: boolean;
}

export interface WebSocketProbeConfig {
  readonly type: 'websocket';
  readonly path: string;
  readonly host: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface GrpcProbeConfig {
  readonly type: 'grpc';
  readonly host: string | null;
  /** Empty: the server as a whole. */
  readonly service: string;
}

/** Texts stand for bytes: each character is one. */
export interface SocketProbeConfig {
  readonly type: 'tcp' | 'tls' | 'udp' | 'agent';
  readonly send: string;
  /** What the answer has to hold; null: none is awaited. */
  readonly expect: string | null;
}

export interface CommandProbeConfig {
  readonly type: 'command';
  /** Program and arguments. */
  readonly command: readonly string[];
}

/** When a worker leaves a backend out for what it saw of its requests. */
export interface PassiveHealthConfig {
  /** Attempts in a row that failed by the backend's fault. */
  readonly failures: number;
  /** Share of failed attempts and 5xx answers, of at least `minRequests` in `windowMs`. */
  readonly errorRatio: number;
  readonly minRequests: number;
  readonly windowMs: number;
  /** The first time out; each further one is twice as long. */
  readonly ejectionMs: number;
  readonly maxEjectionMs: number;
  /** When more than this share of the usable backends is ejected, all are used. */
  readonly maxEjected: number;
}

/** The log of what happens to the health of backends. */
export interface HealthLogConfig {
  /** Absolute; null: where this system keeps the state of programs. */
  readonly folder: string | null;
  /** Whether every check is logged, not changes alone. */
  readonly checks: boolean;
  readonly keepMs: number;
}

/** What active checks know of a backend, as workers are told. */
export interface BackendHealth {
  readonly health: 'up' | 'down';
  /** What it asks for itself, by its agent. */
  readonly reportedState: 'ready' | 'drain' | 'maintenance';
  /** The weight that it asks for; null: it does not. */
  readonly reportedWeight: number | null;
}

/** Of every backend of which nothing is known. */
export const ASSUMED_HEALTH: BackendHealth = { health: 'up', reportedState: 'ready', reportedWeight: null };

export interface CheckedBackend extends BackendHealth {
  /** Name of the upstream, and the address of the backend as status shows it. */
  readonly upstream: string;
  readonly backend: string;
}
