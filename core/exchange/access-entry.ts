import type { ErrorCode } from '../shared/errors.ts';

/** One exchange, as the access log tells it. Every exchange ends in exactly one of these. `docs/logs.md` documents each field. */
export interface AccessEntry {
  /** When the request's head was complete: ISO 8601, UTC, ms (`Date.prototype.toISOString`). */
  readonly time: string;
  readonly listener: string;
  /** The client's address, without port. */
  readonly client: string;
  /** null where no request line could be read; so are target and protocol. */
  readonly method: string | null;
  readonly host: string | null;
  /** As received. */
  readonly target: string | null;
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0' | null;
  /** The final status sent to the client; null where none was. */
  readonly status: number | null;
  readonly error: ErrorCode | null;
  /** What went wrong, for people; never sent to the client. */
  readonly errorDetail: string | null;
  readonly requestId: string | null;
  /** Bytes of the body, without framing. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly upstream: string | null;
  /** The address, as written in the config, of the backend tried last. */
  readonly backend: string | null;
  /** Backends tried; 0 where the proxy answered by itself. */
  readonly attempts: number;
  /** The rule's decision: `forward beta`, `next`, `deny 403`, `redirect 308`, `respond 200`, `fault`; null where no rule ran. */
  readonly decision: string | null;
  /** The matching row of the listener's `routes`, from 0. */
  readonly route: number | null;
  readonly timings: AccessTimings;
  readonly referer: string | null;
  readonly userAgent: string | null;
  /** What plugins and the rule's `log` handler added. */
  readonly fields: Readonly<Record<string, string | number | boolean>> | null;
}

/** Durations in ms, one a stage; null for a stage which the exchange did not reach or did not need. */
export interface AccessTimings {
  /** From the complete request head to the exchange's end. */
  readonly total: number;
  /** Inside the rule's `request` handler. */
  readonly rule: number | null;
  /** Waiting until a backend had a place free; null also where one had at once. */
  readonly queue: number | null;
  /** From the decision where to send it, or its time in the queue, to a connection to the last backend tried; failed attempts are in it. About 0 with a pooled connection. */
  readonly connect: number | null;
  /** From there to the complete head of the backend's answer. */
  readonly firstByte: number | null;
  /** From there to the exchange's end. */
  readonly response: number | null;
}
