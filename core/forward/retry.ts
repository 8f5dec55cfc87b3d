import type { ErrorCode, ProxyError } from '../shared/errors.ts';
import type { RetriesConfig, RetryCause } from '../shared/retry-types.ts';

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  readonly error: ProxyError;
  readonly method: string;
  /** Attempts begun at this upstream so far, this one included. */
  readonly attempts: number;
  readonly retries: Pick<RetriesConfig, 'attempts' | 'on'>;
  /** Whether the request body, as far as it was taken from the client, is gone. */
  readonly bodyIsGone: boolean;
  /** Whether the request was written to a connection that was idle before. */
  readonly reusedConnection: boolean;
}

export type RetryDecision =
  /** The backend had closed an idle connection as we took it, or ends an HTTP/2 one: the same backend again, over a new one. Not counted as its failure. */
  | 'fresh-connection'
  | 'another-backend'
  /** The request could be tried again, but not at this upstream. */
  | 'fallback'
  | 'give-up';

/** No connection came about, or the backend has said that it did nothing with the request (RFC 9113 8.7). */
const NEVER_PROCESSED: ReadonlySet<ErrorCode> = new Set([
  'connect-failed',
  'connect-timeout',
  'backend-tls-failed',
  'stream-refused',
]);

const CAUSES: Partial<Readonly<Record<ErrorCode, RetryCause>>> = {
  'connect-failed': 'connect-failure',
  'connect-timeout': 'connect-failure',
  'backend-tls-failed': 'connect-failure',
  'stream-refused': 'refused-stream',
  'backend-reset': 'reset',
  'response-timeout': 'timeout',
};

/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** RFC 9110 9.2.1. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Whether, and how, a failed attempt is followed by another. Only idempotent requests are tried
 * again once a backend may have begun with them (RFC 9110 9.2.2); one that never left, because no
 * connection came about, or was refused unread can go elsewhere whatever its method.
 */
export function afterFailure(failed: FailedAttempt): RetryDecision {
  const { error, retries } = failed;
  if (!error.retryable || failed.bodyIsGone) return 'give-up';
  if (!NEVER_PROCESSED.has(error.code) && !IDEMPOTENT.has(failed.method)) return 'give-up';
  const wasEnding = error.code === 'backend-reset' || error.code === 'stream-refused';
  if (wasEnding && failed.reusedConnection) return 'fresh-connection';
  const cause = CAUSES[error.code];
  if (cause === undefined || !retries.on.includes(cause)) return 'give-up';
  return failed.attempts < retries.attempts ? 'another-backend' : 'fallback';
}

/** What is known when an answer's head has come. */
export interface AnsweredAttempt {
  readonly status: number;
  readonly method: string;
  readonly attempts: number;
  readonly retries: Pick<RetriesConfig, 'attempts' | 'statuses'>;
  readonly bodyIsGone: boolean;
}

/** Whether the answer is thrown away for another attempt: the backend has worked on the request, so idempotent methods only. */
export function isWorthRetrying({ status, method, attempts, retries, bodyIsGone }: AnsweredAttempt): boolean {
  return (
    retries.statuses.includes(status) && attempts < retries.attempts && IDEMPOTENT.has(method) && !bodyIsGone
  );
}

/**
 * Whether a request can be sent again after a backend got some of its body, if we still have that.
 * `mayRefuse`: the protocol lets the backend say that it did nothing with it.
 */
export function canBeginAnew(method: string, mayRefuse: boolean): boolean {
  return mayRefuse || IDEMPOTENT.has(method);
}

/** Whether two backends may work on the request at the same time. */
export function isSafe(method: string): boolean {
  return SAFE.has(method);
}
