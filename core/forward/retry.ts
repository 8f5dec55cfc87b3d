import type { ErrorCode, ProxyError } from '../shared/errors.ts';

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  readonly error: ProxyError;
  readonly method: string;
  /** Attempts begun so far, this one included. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Whether some of the request body was taken from the client and is not kept. */
  readonly bodyIsGone: boolean;
  /** Whether the request was written to a connection that was kept from an earlier exchange. */
  readonly reusedConnection: boolean;
}

export type RetryDecision =
  /** The backend had closed an idle connection as we took it, or ends an HTTP/2 one: the same backend again, over a new one. Not counted as its failure. */
  'fresh-connection' | 'another-backend' | 'give-up';

/** No connection came about, or the backend has said that it did nothing with the request (RFC 9113 8.7). */
const NEVER_PROCESSED: ReadonlySet<ErrorCode> = new Set([
  'connect-failed',
  'connect-timeout',
  'backend-tls-failed',
  'stream-refused',
]);

/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/**
 * Whether, and how, a failed attempt is followed by another. Only idempotent requests are tried
 * again once a backend may have begun with them (RFC 9110 9.2.2); one that never left, because no
 * connection came about, or was refused unread can go elsewhere whatever its method.
 */
export function afterFailure(failed: FailedAttempt): RetryDecision {
  const { error } = failed;
  if (!error.retryable || failed.bodyIsGone) return 'give-up';
  if (!NEVER_PROCESSED.has(error.code) && !IDEMPOTENT.has(failed.method)) return 'give-up';
  const wasEnding = error.code === 'backend-reset' || error.code === 'stream-refused';
  if (wasEnding && failed.reusedConnection) return 'fresh-connection';
  return failed.attempts < failed.maxAttempts ? 'another-backend' : 'give-up';
}
