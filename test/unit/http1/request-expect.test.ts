import { describe, expect, test } from 'vitest';
import { parse } from './read-request.ts';

const expectsContinue = (line: string, ...fields: string[]): boolean =>
  parse([line, 'Host: a', ...fields]).head.expectsContinue;

describe('Expect', () => {
  test.each(['100-continue', '100-Continue'])('%s before a body is an expectation', (value) => {
    expect(expectsContinue('POST / HTTP/1.1', `Expect: ${value}`, 'Content-Length: 5')).toBe(true);
    expect(expectsContinue('POST / HTTP/1.1', `Expect: ${value}`, 'Transfer-Encoding: chunked')).toBe(true);
  });

  test('without a body there is nothing to expect', () => {
    expect(expectsContinue('POST / HTTP/1.1', 'Expect: 100-continue')).toBe(false);
  });

  // RFC 9110 10.1.1: of an HTTP/1.0 client it is ignored.
  test('HTTP/1.0 knows no 100', () => {
    expect(expectsContinue('POST / HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 5')).toBe(false);
  });

  test.each(['x', '100-continue, x', '100'])('%j is another expectation', (value) => {
    expect(expectsContinue('POST / HTTP/1.1', `Expect: ${value}`, 'Content-Length: 5')).toBe(false);
  });
});
