import type { ProxyError } from '../shared/errors.ts';

/** What is known when an attempt has failed. */
export interface FailedAttempt {
  readonly error: ProxyError;
  readonly method: string;
  /** Attempts begun so far, this one included. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Whether any of the request body was taken from the client: it is gone. */
  readonly bodyBegun: boolean;
  /** Whether the request was written to a connection that was kept from an earlier exchange. */
  readonly reusedConnection: boolean;
}

export type RetryDecision =
  /** The backend had closed an idle connection as we took it: the same backend again, over a new one. Not counted as its failure. */
  'fresh-connection' | 'another-backend' | 'give-up';

/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/**
 * Whether, and how, a failed attempt is followed by another. Only idempotent requests are tried
 * again once they may have reached a backend (RFC 9110 9.2.2); one that never left, because no
 * connection came about, can go elsewhere whatever its method.
 */
export function afterFailure(failed: FailedAttempt): RetryDecision {
  const { error } = failed;
  if (!error.retryable || failed.bodyBegun) return 'give-up';
  const neverSent = error.code === 'connect-failed' || error.code === 'connect-timeout';
  if (!neverSent && !IDEMPOTENT.has(failed.method)) return 'give-up';
  if (error.code === 'backend-reset' && failed.reusedConnection) return 'fresh-connection';
  return failed.attempts < failed.maxAttempts ? 'another-backend' : 'give-up';
}
