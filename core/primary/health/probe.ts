import type { HealthCheckConfig } from '../../shared/health-types.ts';
import type { BackendHealth } from '../../shared/health-types.ts';
import type { SocketAddressConfig, UpstreamTlsConfig } from '../../shared/config-types.ts';
import type { CheckResult } from '../../upstreams/health.ts';
import type { Identity } from '../identity.ts';
import type { KeptConnections } from './kept-connections.ts';

/** What a check is made of. */
export interface CheckTarget {
  readonly check: HealthCheckConfig;
  /** Where to connect: the port is the check's own where it has one. */
  readonly address: SocketAddressConfig;
  /** null: without TLS. */
  readonly tls: UpstreamTlsConfig | null;
  /** What a connection begins with: a PROXY protocol header that names nobody, or nothing. latin1. */
  readonly preface: string;
  /** For commands: the first upstream and backend that it is for. */
  readonly upstream: string;
  readonly backend: string;
}

export interface ProbeResult extends CheckResult {
  /** Only where the backend has said so. */
  readonly reportedState?: BackendHealth['reportedState'];
  /** null: the backend has reported none. */
  readonly reportedWeight?: number | null;
}

/** A check under way. It calls `done` once, or never after one of these. */
export interface RunningProbe {
  /** Its time is over: ends it and says what that means. */
  timeOut(): ProbeResult;
  cancel(): void;
}

/** What probes share. */
export interface ProbeMeans {
  /** Whom commands run as; null: the same as the primary. */
  readonly identity: Identity | null;
  readonly connections: KeptConnections;
}

export type StartProbe = (
  target: CheckTarget,
  done: (result: ProbeResult) => void,
  means: ProbeMeans,
) => RunningProbe;

/** A text of a backend's or a command's as a reason: one line, printable, not long. */
export function quoted(text: string): string {
  // What would command a terminal or break a line.
  return text
    .trim()
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .slice(0, 200);
}

/** This machine lacks something; the backend may be fine. */
const LOCAL_FAILURES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EADDRINUSE']);

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOENT: 'no such socket',
};

export function failureOf(error: Error): ProbeResult {
  const code = 'code' in error ? String(error.code) : '';
  // A source address that is not this machine's, or of another family than the backend's, fails to be bound.
  const isLocal = LOCAL_FAILURES.has(code) || ('syscall' in error && error.syscall === 'bind');
  if (isLocal) return { ok: null, reason: `cannot be checked: ${quoted(error.message)}` };
  return { ok: false, reason: WORDS[code] ?? quoted(error.message) };
}

/** `10.0.0.1:80`, `[::1]:80`, the host of a Unix socket is `localhost`. */
export function hostOf({ address }: CheckTarget): string {
  if (address.kind === 'unix') return 'localhost';
  const host = address.host.includes(':') ? `[${address.host.replace(/%.*/, '')}]` : address.host;
  return `${host}:${address.port}`;
}
