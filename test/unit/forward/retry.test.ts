import { expect, test } from 'vitest';
import { afterFailure, type FailedAttempt } from '../../../core/forward/retry.ts';
import { ProxyError, type ErrorCode } from '../../../core/shared/errors.ts';

function failed(code: ErrorCode, more: Partial<FailedAttempt> = {}): FailedAttempt {
  return {
    error: new ProxyError(code, 'backend', 'test', { retryable: true }),
    method: 'GET',
    attempts: 1,
    maxAttempts: 2,
    bodyIsGone: false,
    reusedConnection: false,
    ...more,
  };
}

test.each<[ErrorCode, Partial<FailedAttempt>, ReturnType<typeof afterFailure>]>([
  // no connection came about: whatever the method
  ['connect-failed', { method: 'POST' }, 'another-backend'],
  ['connect-timeout', { method: 'POST' }, 'another-backend'],
  ['backend-tls-failed', { method: 'POST' }, 'another-backend'],
  // refused unread (RFC 9113 8.7): the same
  ['stream-refused', { method: 'POST' }, 'another-backend'],
  ['stream-refused', { method: 'POST', reusedConnection: true }, 'fresh-connection'],
  ['stream-refused', { attempts: 2 }, 'give-up'],
  ['stream-refused', { bodyIsGone: true }, 'give-up'],
  // the backend may have begun with it: idempotent methods only (RFC 9110 9.2.2)
  ['backend-reset', {}, 'another-backend'],
  ['backend-reset', { reusedConnection: true }, 'fresh-connection'],
  ['backend-reset', { reusedConnection: true, attempts: 2 }, 'fresh-connection'],
  ['backend-reset', { method: 'POST', reusedConnection: true }, 'give-up'],
  ['response-timeout', {}, 'another-backend'],
  ['response-timeout', { reusedConnection: true }, 'another-backend'],
  ['response-timeout', { method: 'POST' }, 'give-up'],
  ['response-timeout', { attempts: 2 }, 'give-up'],
])('%s %j: %s', (code, more, decision) => {
  expect(afterFailure(failed(code, more))).toBe(decision);
});

test('what makes no sense to try again is not', () => {
  const error = new ProxyError('response-malformed', 'backend', 'test');
  expect(afterFailure(failed('response-malformed', { error }))).toBe('give-up');
});
