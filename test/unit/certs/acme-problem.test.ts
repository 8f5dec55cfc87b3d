import { expect, test } from 'vitest';
import { errorOfAnswer, parseRetryAfter } from '../../../certs/acme-problem.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

test.each([
  [undefined, null],
  ['120', 120_000],
  ['0', 0],
  ['Sat, 21 Nov 2026 12:01:00 GMT', 60_000],
  ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ['soon', null],
  ['99999999999999999999', 7 * 24 * 3_600_000],
])('Retry-After %j is %j ms', (value, expected) => {
  expect(parseRetryAfter(value, now)).toBe(expected);
});

test.each([
  [400, 'urn:ietf:params:acme:error:caa', 'rejected'],
  [403, 'urn:ietf:params:acme:error:unauthorized', 'account'],
  [429, 'about:blank', 'rate-limited'],
  [403, 'urn:ietf:params:acme:error:rateLimited', 'rate-limited'],
  [400, 'urn:ietf:params:acme:error:incorrectResponse', 'challenge'],
  [500, 'urn:example:unheard-of', 'unreachable'],
  [400, 'constructor', 'rejected'],
  [400, 'urn:ietf:params:acme:error:constructor', 'rejected'],
])('status %i with %s is %s', (status, type, kind) => {
  const error = errorOfAnswer(status, JSON.stringify({ type, detail: 'x' }), null);
  expect({ kind: error.kind, type: error.type }).toEqual({ kind, type });
});

test('what the CA says is bounded and on one line', () => {
  const subproblems = Array.from({ length: 100 }, () => ({
    type: 'dns',
    detail: 'no\u001b[31m such\r\nname ',
  }));
  const { message } = errorOfAnswer(
    400,
    JSON.stringify({ type: 'compound', detail: 'all', subproblems }),
    null,
  );
  expect(message).toBe(
    'the CA answered: compound: all; dns: no [31m such name ; dns: no [31m such name ; dns: no [31m such name ',
  );
  expect(
    errorOfAnswer(400, JSON.stringify({ detail: 'x'.repeat(10_000) }), null).message.length,
  ).toBeLessThan(600);
  expect(errorOfAnswer(502, '<html>'.repeat(1000), null).message).toBe('the CA answered: status 502');
});
