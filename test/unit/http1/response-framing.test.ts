import { describe, expect, test } from 'vitest';
import type { BodyFraming } from '../../../core/exchange/streams.ts';
import { parseResponseHead } from '../../../core/http1/parse-head.ts';
import { refusalOf } from './read-request.ts';

function framing(method: string, start: string, ...fields: string[]): BodyFraming {
  return parseResponseHead([start, ...fields].join('\r\n'), method, 100).head.framing;
}

describe('response framing', () => {
  test.each([
    ['HTTP/1.1', 'Content-Length: 5', { kind: 'length', bytes: 5 }],
    ['HTTP/1.1', 'Content-Length: 0', { kind: 'length', bytes: 0 }],
    ['HTTP/1.0', 'Content-Length: 5', { kind: 'length', bytes: 5 }],
    ['HTTP/1.1', 'Transfer-Encoding: Chunked', { kind: 'chunked' }],
    ['HTTP/1.1', 'X: y', { kind: 'until-close' }],
    ['HTTP/1.0', 'X: y', { kind: 'until-close' }],
  ])('%s with %s', (version, field, expected) => {
    expect(framing('GET', `${version} 200 OK`, field)).toEqual(expected);
  });

  // RFC 9112 6.3 rule 1: whatever the fields say.
  test.each([
    ['HEAD', 200, 'Content-Length: 5'],
    ['HEAD', 200, 'Transfer-Encoding: chunked'],
    ['HEAD', 500, 'X: y'],
    ['GET', 204, 'Content-Length: 5'],
    ['GET', 204, 'Transfer-Encoding: chunked'],
    ['GET', 304, 'Content-Length: 5'],
    ['GET', 304, 'X: y'],
    ['GET', 100, 'Content-Length: 5'],
    ['GET', 103, 'Transfer-Encoding: chunked'],
    ['GET', 101, 'X: y'],
  ])('an answer to %s with status %i and %s has no body', (method, status, field) => {
    expect(framing(method, `HTTP/1.1 ${status} x`, field)).toEqual({ kind: 'none' });
  });

  test.each([
    [['Content-Length: 5', 'Content-Length: 5'], 'more than one Content-Length'],
    [['Content-Length: 5', 'Content-Length: 6'], 'more than one Content-Length'],
    [['Content-Length: 5, 5'], 'Content-Length "5, 5" is not a number of bytes'],
    [['Content-Length: -1'], 'Content-Length "-1" is not a number of bytes'],
    [['Content-Length:'], 'Content-Length "" is not a number of bytes'],
    [['Content-Length: 5', 'Transfer-Encoding: chunked'], 'Content-Length together with Transfer-Encoding'],
    [['Transfer-Encoding: gzip, chunked'], 'Transfer-Encoding "gzip, chunked" is not chunked'],
    [
      ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
      'Transfer-Encoding "chunked, chunked" is not chunked',
    ],
    [['Transfer-Encoding: identity'], 'Transfer-Encoding "identity" is not chunked'],
    [['Transfer-Encoding:'], 'Transfer-Encoding "" is not chunked'],
    [['Transfer-Encoding: chunked\u00a0'], 'Transfer-Encoding "chunked\u00a0" is not chunked'],
  ])('%j is refused', (fields, message) => {
    expect(refusalOf(() => framing('GET', 'HTTP/1.1 200 OK', ...fields))).toBe(
      `backend response-malformed: ${message}`,
    );
  });

  test('HTTP/1.0 has no transfer codings', () => {
    expect(refusalOf(() => framing('GET', 'HTTP/1.0 200 OK', 'Transfer-Encoding: chunked'))).toBe(
      'backend response-malformed: Transfer-Encoding in an HTTP/1.0 answer',
    );
  });

  test.each(['HEAD', 'GET'])(
    'ambiguous lengths are refused where there is no body too: the connection is not to be trusted (%s)',
    (method) => {
      expect(
        refusalOf(() => framing(method, 'HTTP/1.1 304 x', 'Content-Length: 5', 'Transfer-Encoding: chunked')),
      ).toContain('response-malformed');
      expect(refusalOf(() => framing(method, 'HTTP/1.1 304 x', 'Content-Length: x'))).toContain(
        'response-malformed',
      );
    },
  );
});
