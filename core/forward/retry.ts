import type { ErrorCode, ProxyError } from '../shared/errors.ts';
import { isIdempotent } from '../shared/methods.ts';
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
  /** Whether the connection had been idle before. */
  readonly reusedConnection: boolean;
}

export type RetryDecision =
  /** The backend had closed an idle connection as we took it, or ends an HTTP/2 one: the same backend again, over a new one. Not counted as its failure. */
  | 'fresh-connection'
  | 'another-backend'
  /** One that was not tried yet, although there are no attempts left for that: this one has cost no backend anything. */
  | 'pass-over'
  /** The request could be tried again, but not at this upstream. */
  | 'fallback'
  | 'give-up';

/** No connection came about, or the backend has said that it did nothing with the request (RFC 9113 8.7). */
const NEVER_PROCESSED: ReadonlySet<ErrorCode> = new Set([
  'connect-failed',
  'connect-timeout',
  'backend-tls-failed',
  'stream-refused',
  'backend-connections-exhausted',
]);

/** Of a connection that was up. */
const ENDINGS: ReadonlySet<ErrorCode> = new Set(['backend-reset', 'stream-refused', 'connect-failed']);

const CAUSES: Partial<Readonly<Record<ErrorCode, RetryCause>>> = {
  'connect-failed': 'connect-failure',
  'connect-timeout': 'connect-failure',
  'backend-tls-failed': 'connect-failure',
  'stream-refused': 'refused-stream',
  'backend-reset': 'reset',
  'response-timeout': 'timeout',
};

/**
 * Whether, and how, a failed attempt is followed by another. Only idempotent requests are tried
 * again once a backend may have begun with them (RFC 9110 9.2.2); one that never left, because no
 * connection came about, or was refused unread can go elsewhere whatever its method.
 */
export function afterFailure(failed: FailedAttempt): RetryDecision {
  const { error, retries } = failed;
  if (!error.retryable || failed.bodyIsGone) return 'give-up';
  if (!NEVER_PROCESSED.has(error.code) && !isIdempotent(failed.method)) return 'give-up';
  if (error.code === 'backend-connections-exhausted') return 'pass-over';
  if (isStale(error, failed.reusedConnection)) return 'fresh-connection';
  const cause = CAUSES[error.code];
  if (cause === undefined || !retries.on.includes(cause)) return 'give-up';
  if (failed.attempts < retries.attempts) return 'another-backend';
  // Refused, mostly at once: when several backends die together, one that lives is to be found.
  return error.code === 'connect-failed' && retries.attempts > 1 ? 'pass-over' : 'fallback';
}

/** Whether an attempt over a connection that had been idle failed since the backend was closing that: nobody's fault. */
export function isStale({ code, retryable }: ProxyError, reusedConnection: boolean): boolean {
  return reusedConnection && retryable && ENDINGS.has(code);
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
    retries.statuses.includes(status) && attempts < retries.attempts && isIdempotent(method) && !bodyIsGone
  );
}

/**
 * Whether a request can be sent again after a backend got some of its body, if we still have that.
 * `mayGoUnread`: it can turn out that the backend did nothing with it.
 */
export function canBeginAnew(method: string, mayGoUnread: boolean): boolean {
  return mayGoUnread || isIdempotent(method);
}
