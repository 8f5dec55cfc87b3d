import { expect, test } from 'vitest';
import {
  afterFailure,
  canBeginAnew,
  isWorthRetrying,
  type AnsweredAttempt,
  type FailedAttempt,
} from '../../../core/forward/retry.ts';
import { ProxyError, type ErrorCode } from '../../../core/shared/errors.ts';
import { isSafe } from '../../../core/shared/methods.ts';
import type { RetryCause } from '../../../core/shared/retry-types.ts';

const ALL: readonly RetryCause[] = ['connect-failure', 'reset', 'timeout', 'refused-stream'];

function failed(code: ErrorCode, more: Partial<FailedAttempt> = {}): FailedAttempt {
  return {
    error: new ProxyError(code, 'backend', 'test', { retryable: true }),
    method: 'GET',
    attempts: 1,
    retries: { attempts: 2, on: ALL },
    bodyIsGone: false,
    reusedConnection: false,
    ...more,
  };
}

const on = (...causes: readonly RetryCause[]): Partial<FailedAttempt> => ({
  retries: { attempts: 2, on: causes },
});

test.each<[ErrorCode, Partial<FailedAttempt>, ReturnType<typeof afterFailure>]>([
  // no connection came about: whatever the method
  ['connect-failed', { method: 'POST' }, 'another-backend'],
  ['connect-timeout', { method: 'POST' }, 'another-backend'],
  ['backend-tls-failed', { method: 'POST' }, 'another-backend'],
  // and when all attempts are used up another one may still be there; one that took its time is enough
  ['connect-failed', { method: 'POST', attempts: 2 }, 'pass-over'],
  ['connect-failed', { attempts: 1, retries: { attempts: 1, on: ALL } }, 'fallback'],
  ['connect-failed', { attempts: 2, bodyIsGone: true }, 'give-up'],
  ['connect-timeout', { attempts: 2 }, 'fallback'],
  ['backend-tls-failed', { attempts: 2 }, 'fallback'],
  // refused unread (RFC 9113 8.7): the same
  ['stream-refused', { method: 'POST' }, 'another-backend'],
  ['stream-refused', { method: 'POST', reusedConnection: true }, 'fresh-connection'],
  ['stream-refused', { attempts: 2 }, 'fallback'],
  ['stream-refused', { bodyIsGone: true }, 'give-up'],
  // the backend may have begun with it: idempotent methods only (RFC 9110 9.2.2)
  ['backend-reset', {}, 'another-backend'],
  ['backend-reset', { reusedConnection: true }, 'fresh-connection'],
  ['backend-reset', { reusedConnection: true, attempts: 2 }, 'fresh-connection'],
  ['backend-reset', { method: 'POST', reusedConnection: true }, 'give-up'],
  ['backend-reset', { method: 'POST', attempts: 2 }, 'give-up'],
  ['response-timeout', {}, 'another-backend'],
  ['response-timeout', { reusedConnection: true }, 'another-backend'],
  ['response-timeout', { method: 'POST' }, 'give-up'],
  ['response-timeout', { attempts: 2 }, 'fallback'],
  // it had not left when the idle connection ended
  ['connect-failed', { method: 'POST', reusedConnection: true, attempts: 2 }, 'fresh-connection'],
  // the backend has no connection to spare: no attempt, and nobody's fault
  ['backend-connections-exhausted', { method: 'POST', attempts: 2 }, 'pass-over'],
  ['backend-connections-exhausted', { bodyIsGone: true }, 'give-up'],
  // what the config names
  ['connect-failed', on('connect-failure'), 'another-backend'],
  ['connect-timeout', on('connect-failure'), 'another-backend'],
  ['backend-tls-failed', on('connect-failure'), 'another-backend'],
  ['backend-reset', on('reset'), 'another-backend'],
  ['response-timeout', on('timeout'), 'another-backend'],
  ['stream-refused', on('refused-stream'), 'another-backend'],
  // and what it does not; a stale connection costs the client nothing all the same
  ['connect-failed', on('reset', 'timeout', 'refused-stream'), 'give-up'],
  ['connect-timeout', on('reset', 'timeout', 'refused-stream'), 'give-up'],
  ['backend-reset', on('connect-failure', 'timeout', 'refused-stream'), 'give-up'],
  ['backend-reset', { ...on('timeout'), reusedConnection: true }, 'fresh-connection'],
  ['response-timeout', on('connect-failure', 'reset', 'refused-stream'), 'give-up'],
  ['stream-refused', on('connect-failure', 'reset', 'timeout'), 'give-up'],
])('%s %j: %s', (code, more, decision) => {
  expect(afterFailure(failed(code, more))).toBe(decision);
});

test('what makes no sense to try again is not', () => {
  const error = new ProxyError('response-malformed', 'backend', 'test');
  expect(afterFailure(failed('response-malformed', { error }))).toBe('give-up');
});

test.each<[Partial<AnsweredAttempt>, boolean]>([
  [{}, true],
  [{ method: 'PUT' }, true],
  [{ status: 500 }, false],
  [{ attempts: 2 }, false],
  // the backend has worked on it
  [{ method: 'POST' }, false],
  [{ method: 'PATCH' }, false],
  [{ bodyIsGone: true }, false],
])('an answer with a status of the config, %j: %s', (more, expected) => {
  const retries = { attempts: 2, statuses: [502, 503] };
  const answered = { status: 503, method: 'GET', attempts: 1, retries, bodyIsGone: false, ...more };
  expect(isWorthRetrying(answered)).toBe(expected);
});

test.each([
  ['GET', true, true],
  ['HEAD', true, true],
  ['OPTIONS', true, true],
  ['PUT', false, true],
  ['DELETE', false, true],
  ['POST', false, false],
  ['PATCH', false, false],
  ['MADE-UP', false, false],
])('%s: safe %s, may be sent again with its body %s', (method, safe, anew) => {
  expect(isSafe(method)).toBe(safe);
  expect(canBeginAnew(method, false)).toBe(anew);
  expect(canBeginAnew(method, true)).toBe(true);
});
