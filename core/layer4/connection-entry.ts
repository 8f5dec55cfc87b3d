import type { ErrorCode } from '../shared/errors.ts';

/** Why a connection or session ended. `docs/logs.md` says what each means. */
export const END_REASONS = [
  // both protocols
  'idle',
  'lifetime',
  'drained',
  'denied',
  'failed',
  // TCP
  'closed',
  'half-closed',
  'client-reset',
  'backend-reset',
  // UDP
  'responses',
  'datagrams',
  'evicted',
  'unreachable',
] as const;
export type EndReason = (typeof END_REASONS)[number];

/**
 * One TCP connection or UDP session, as the access log tells it. Every one that was accepted ends in exactly one of these;
 * what a limit turned away is counted only.
 */
export interface ConnectionEntry {
  /** When it was accepted, a session's first datagram came: ISO 8601, UTC, ms (`Date.prototype.toISOString`). */
  readonly time: string;
  readonly listener: string;
  readonly protocol: 'tcp' | 'tls' | 'udp';
  /** The client's address, without port; behind a trusted proxy the one that it named. */
  readonly client: string;
  /** 0 for a client of a Unix socket. */
  readonly clientPort: number;
  /** That the client asked for by SNI; null: it named none, or no ClientHello was read. */
  readonly serverName: string | null;
  readonly upstream: string | null;
  /** The address, as written in the config, of the backend tried last. */
  readonly backend: string | null;
  /** Backends tried. */
  readonly attempts: number;
  /** Of the rule's `connect` handler: `forward db`, `next`, `deny`, `fault`; null where it was not asked. */
  readonly decision: string | null;
  /** What was passed on, without TLS and headers of the PROXY protocol. */
  readonly bytesFromClient: number;
  readonly bytesFromBackend: number;
  /** null for TCP. */
  readonly datagramsFromClient: number | null;
  readonly datagramsFromBackend: number | null;
  readonly end: EndReason;
  /** Why no backend was reached, or the rule gave no answer. */
  readonly error: ErrorCode | null;
  /** What went wrong, for people. */
  readonly errorDetail: string | null;
  readonly timings: ConnectionTimings;
  /** What the rule's `log` handler added. */
  readonly fields: Readonly<Record<string, string | number | boolean>> | null;
}

/** Durations in ms, in steps of a microsecond; null for a stage which the connection did not reach or did not need. */
export interface ConnectionTimings {
  /** From `time` to the end. */
  readonly total: number;
  /** Inside the rule's `connect` handler, all calls together. */
  readonly rule: number | null;
  /** Waiting until a backend had a place free; null also where one had at once. */
  readonly queue: number | null;
  /** From the decision where to send it, or its time in the queue, to a connection to the last backend tried; failed attempts are in it. null for UDP. */
  readonly connect: number | null;
}

/** Takes finished entries. */
export interface ConnectionSink {
  write(entry: ConnectionEntry): void;
}
