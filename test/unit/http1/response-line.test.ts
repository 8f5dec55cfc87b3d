import { describe, expect, test } from 'vitest';
import { parseResponseHead } from '../../../core/http1/parse-head.ts';
import { fieldsOf, refusalOf } from './read-request.ts';

describe('status line of an answer', () => {
  test.each([
    ['HTTP/1.1 200 OK', 200, 'OK'],
    ['HTTP/1.1 200 ', 200, ''],
    ['HTTP/1.1 200', 200, ''],
    ['HTTP/1.0 404 Not Found', 404, 'Not Found'],
    ['HTTP/1.1 599 \u00e9\tx', 599, '\u00e9\tx'],
    ['HTTP/1.1 100 Continue', 100, 'Continue'],
  ])('%j', (line, status, reason) => {
    expect(parseResponseHead(`${line}\r\nX: y`, 'GET', 100).head).toMatchObject({ status, reason });
    expect(parseResponseHead(line, 'GET', 100).head).toMatchObject({ status, reason });
  });

  test.each([
    ['', 'the status line does not begin with "HTTP/1.1 "'],
    ['HTTP/2.0 200 OK', 'the status line does not begin with "HTTP/1.1 "'],
    ['HTTP/1.2 200 OK', 'the status line does not begin with "HTTP/1.1 "'],
    ['http/1.1 200 OK', 'the status line does not begin with "HTTP/1.1 "'],
    ['HTTP/1.1\t200 OK', 'the status line does not begin with "HTTP/1.1 "'],
    [' HTTP/1.1 200 OK', 'the status line does not begin with "HTTP/1.1 "'],
    ['ICY 200 OK', 'the status line does not begin with "HTTP/1.1 "'],
    ['<html>', 'the status line does not begin with "HTTP/1.1 "'],
    ['HTTP/1.1  200 OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 20 OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 2000 OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 000 OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 099 OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 600 OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 +20 OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 2e2 OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 200OK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 200\tOK', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 ', 'the status is not three digits from 100 to 599'],
    ['HTTP/1.1 200 O\0K', 'the reason phrase holds a control character'],
    ['HTTP/1.1 200 O\nK', 'the reason phrase holds a control character'],
    ['HTTP/1.1 200 OK\r', 'the reason phrase holds a control character'],
  ])('%j is refused', (line, message) => {
    expect(refusalOf(() => parseResponseHead(line, 'GET', 100))).toBe(
      `backend response-malformed: ${message}`,
    );
  });

  test.each([
    ['X : y', 'the header name "X" is followed by 0x20'],
    [' folded', 'a header line is folded or begins with white space'],
    ['X: y\nZ: z', 'the value of X holds 0x0A'],
    ['X: y\0', 'the value of X holds 0x00'],
    ['no colon', 'the header name "no" is followed by 0x20'],
  ])('the header line %j is refused', (line, message) => {
    expect(refusalOf(() => parseResponseHead(`HTTP/1.1 200 OK\r\n${line}`, 'GET', 100))).toBe(
      `backend response-malformed: ${message}`,
    );
  });

  test('more fields than the limit are refused', () => {
    const head = 'HTTP/1.1 200 OK\r\nX: 1\r\nX: 2';
    expect(fieldsOf(parseResponseHead(head, 'GET', 2).head.headers)).toEqual([
      ['X', '1'],
      ['X', '2'],
    ]);
    expect(refusalOf(() => parseResponseHead(head, 'GET', 1))).toBe(
      'backend response-malformed: more than 1 header fields',
    );
  });
});
