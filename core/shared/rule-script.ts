import type { Priority } from './priority.ts';

/**
 * What the request path needs from a compiled rule script. `rules/` implements it, the worker
 * injects it into the pipeline; neither side imports the other.
 */

/** A change that a script made to a header block, in the order in which it was made. Names and values are validated. */
export type HeaderEdit =
  | { readonly op: 'set' | 'append'; readonly name: string; readonly value: string }
  | { readonly op: 'delete'; readonly name: string };

/** What the `request` handler decided. `edits` change the request's headers before it is forwarded. */
export type RequestDecision =
  | { readonly kind: 'next'; readonly edits: readonly HeaderEdit[] }
  | {
      readonly kind: 'forward';
      readonly upstream: string;
      /** New origin-form target (path and query, begins with `/`), or null to keep it. */
      readonly target: string | null;
      /** New Host, or null to keep it. */
      readonly host: string | null;
      /** What the upstream's scheduler is to go by; absent: what the config says. Never empty. */
      readonly key?: string;
      /** In line for a backend; absent: `normal`. */
      readonly priority?: Priority;
      readonly edits: readonly HeaderEdit[];
    }
  | { readonly kind: 'redirect'; readonly location: string; readonly status: number }
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly body: string;
    }
  | { readonly kind: 'deny'; readonly status: number }
  /** The script threw, ran out of time or memory, or returned something that is no decision; `onError` is already applied: 'deny' arrives here, 'next' as a `next`. */
  | { readonly kind: 'fault'; readonly reason: string };

/** What the `response` handler changed, or null for nothing. */
export type ResponseEdits = { readonly status: number | null; readonly edits: readonly HeaderEdit[] } | null;

/** What the `log` handler said of an access-log entry: keep it, drop it, or keep it with more fields. */
export type LogDecision = boolean | Readonly<Record<string, string | number | boolean>>;

/** The request as it crosses into the sandbox: positional strings, parsed lazily in there. */
export interface RuleRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Lower-case host with the port if one was sent; empty for an HTTP/1.0 request without Host. */
  readonly host: string;
  /** The request-target as received: origin-form or `*`. */
  readonly target: string;
  /** The normalised path (RFC 3986 6.2.2: unreserved characters decoded) that routes are matched against. */
  readonly path: string;
  readonly clientAddress: string;
  /** `TlsInfo` as JSON; empty or absent on plain connections. */
  readonly tls?: string;
  /** What plugins set for the script: JSON in ASCII without control characters; empty or absent for nothing. */
  readonly variables?: string;
  /** The header lines as received, `name: value` joined by CRLF, without start line and without a final CRLF. Latin-1. */
  readonly head: string;
}

/** A TCP connection or UDP session as it crosses into the sandbox. */
export interface RuleConnection {
  /** The listener's name. */
  readonly listener: string;
  readonly protocol: 'tcp' | 'tls' | 'udp';
  /** IP address; `unknown` for a client on a Unix socket, whose port is 0. */
  readonly clientAddress: string;
  readonly clientPort: number;
  /** What the client connected to; `unknown` and 0 for a Unix socket. */
  readonly localAddress: string;
  readonly localPort: number;
  /** `ConnectionTls` as JSON; empty where no TLS was seen. */
  readonly tls: string;
  /** What the client sent first, in Latin-1; null: not asked for yet. UDP: the first datagram. */
  readonly bytes: string | null;
}

/** What the `connect` handler decided. */
export type ConnectDecision =
  | { readonly kind: 'next' }
  | {
      readonly kind: 'forward';
      readonly upstream: string;
      /** What the upstream's scheduler is to go by; absent: what the config says. Never empty. */
      readonly key?: string;
      /** In line for a backend; absent: `normal`. */
      readonly priority?: Priority;
    }
  /** Call again when this many bytes of the client are there, more than it was shown; or when no more come, or after `timeoutMs` (null: the listener's). */
  | { readonly kind: 'inspect'; readonly bytes: number; readonly timeoutMs: number | null }
  | { readonly kind: 'deny' }
  /** As for a request: `onError` is already applied. */
  | { readonly kind: 'fault'; readonly reason: string };

export interface PickCandidate {
  readonly address: string;
  readonly weight: number;
  readonly health: 'up' | 'down';
  readonly inFlight: number;
  readonly requests: number;
  readonly errors: number;
  /** Mean of the last ten seconds, in ms; null where nothing is known. */
  readonly latency: number | null;
}

/** Who waits for a decision. */
export interface DecisionTaker {
  /** Called once; must not throw. */
  onDecision(decision: RequestDecision): void;
}

export interface RuleScript {
  /** Identifies this version of this script with these settings. */
  readonly id: string;
  /** Absolute path of the script's main file. */
  readonly file: string;
  /** Which handlers the script exports; the others must not be called. */
  readonly handles: {
    readonly connect: boolean;
    readonly request: boolean;
    readonly response: boolean;
    readonly log: boolean;
    readonly pick: boolean;
    readonly certificate: boolean;
  };
  // None of these throws: a fault becomes a decision and a log line.
  /** Decides about a connection or session, at once. */
  connect(connection: RuleConnection): ConnectDecision;
  /**
   * Has the `request` handler decide. Requests of one turn of the event loop are decided in one call into the
   * sandbox at its end, since entering it costs more than most decisions; `taker` hears of it then, not within this
   * call. A request whose rule is over its time is tried once more, alone and after the others, before it is a fault:
   * V8 optimizes a handler that has become hot within some call, which takes that long on a slow machine.
   */
  decide(request: RuleRequest, taker: DecisionTaker): void;
  /** `head`: the response's header lines, in the shape of `RuleRequest.head`. A fault leaves the answer unchanged under onError 'next', and is 'fault' under 'deny'. */
  response(status: number, head: string, request: RuleRequest): ResponseEdits | 'fault';
  /** `entry`: the access-log entry as JSON. A fault keeps the entry. */
  log(entry: string): LogDecision;
  /** Index into `candidates`, or -1 to leave it to the upstream's scheduler (also on a fault). */
  pick(candidates: readonly PickCandidate[], request: RuleRequest): number;
  /** Whether a certificate may be obtained for this name, which is in lower case. A fault is a no. */
  certificate(serverName: string, clientAddress: string): boolean;
}

/** A script that is asked beside the one that serves. */
export interface ShadowScript {
  readonly id: string;
  /** Absolute path of the script's main file. */
  readonly file: string;
  /**
   * Has the `request` handler decide when everything else of a turn of the event loop is done, within the script's time for a second.
   * @returns false: it has none left, or too many requests wait, and `taker` hears nothing
   */
  decideIfTimeIsLeft(request: RuleRequest, taker: DecisionTaker): boolean;
}

/** What one worker counted of a script: calls of its handlers, how many failed, and how often its isolate had to be ended. */
export interface RuleStatus {
  readonly id: string;
  readonly file: string;
  readonly calls: number;
  readonly errors: number;
  readonly faults: number;
}

/** What one worker counted of a script that is tried at a listener. */
export interface ShadowStatus {
  readonly listener: string;
  readonly id: string;
  /** Absolute path. */
  readonly file: string;
  /** Requests about which both scripts have decided; and those of them where not in the same way. */
  readonly compared: number;
  readonly differing: number;
  /** It threw, or ran into a limit. */
  readonly failed: number;
  /** It had no time left. */
  readonly skipped: number;
}
