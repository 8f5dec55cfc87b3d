import { describe, expect, test } from 'vitest';
import { parse, refusal } from './read-request.ts';

const refused = (line: string): string => refusal([line, 'Host: a']);

describe('request line', () => {
  test.each(['GET', 'HEAD', 'POST', 'PATCH', 'get', 'PROPFIND', 'M-SEARCH', "X!#$%&'*+-.^_`|~9"])(
    'the method %s is a token',
    (method) => {
      expect(parse([`${method} / HTTP/1.1`, 'Host: a']).head.method).toBe(method);
    },
  );

  test.each([
    ['GE(T / HTTP/1.1', 'the method is not a token'],
    ['G\u00c9T / HTTP/1.1', 'the method is not a token'],
    ['GET\t/ HTTP/1.1', 'the request line is not "METHOD TARGET HTTP/1.1"'],
    ['GET\t/ x HTTP/1.1', 'the method is not a token'],
    ['GET / x', 'the request line does not end with an HTTP version'],
    ['G\tET / HTTP/1.1', 'the method is not a token'],
    ['G\0ET / HTTP/1.1', 'the method is not a token'],
    [' GET / HTTP/1.1', 'the request line is not "METHOD TARGET HTTP/1.1"'],
    ['', 'the request line is not "METHOD TARGET HTTP/1.1"'],
    ['GET', 'the request line is not "METHOD TARGET HTTP/1.1"'],
    ['GET /', 'the request line is not "METHOD TARGET HTTP/1.1"'],
    ['/ HTTP/1.1', 'the request line is not "METHOD TARGET HTTP/1.1"'],
    ['\x16\x03\x01\x02', 'the request line is not "METHOD TARGET HTTP/1.1"'],
  ])('%j is refused', (line, message) => {
    expect(refused(line)).toBe(`client request-malformed: ${message}`);
  });

  test.each([
    ['HTTP/1.1', 'HTTP/1.1'],
    ['HTTP/1.0', 'HTTP/1.0'],
    // RFC 9110 2.5: a higher minor version is read as the highest known one.
    ['HTTP/1.2', 'HTTP/1.1'],
    ['HTTP/1.9', 'HTTP/1.1'],
  ])('%s is read as %s', (written, version) => {
    expect(parse([`GET / ${written}`, 'Host: a']).head.version).toBe(version);
  });

  test.each(['HTTP/2.0', 'HTTP/0.9', 'HTTP/3.0', 'HTTP/9.9'])(
    '%s is a version that this connection does not speak',
    (version) => {
      expect(refused(`GET / ${version}`)).toBe(
        `client version-unsupported: ${version} on an HTTP/1.1 connection`,
      );
    },
  );

  test('the preface of HTTP/2 is a version that this connection does not speak', () => {
    expect(refusal(['PRI * HTTP/2.0'])).toBe(
      'client version-unsupported: HTTP/2.0 on an HTTP/1.1 connection',
    );
  });

  test.each([
    'http/1.1',
    'HTTP/1',
    'HTTP/1.',
    'HTTP/.1',
    'HTTP/1.10',
    'HTTP/01.1',
    'HTTP/1,1',
    'HTTP/1.1 ',
    ' HTTP/1.1',
    'HTTP/1.1\t',
    'HTTP/1.1\r',
    'HTTP/1.1\n',
    'HTTP/1.1\0',
    'HTTPS/1.1',
    'HTTP/-1.1',
    'HTTP/1.1\n\r\nX: y',
    'x HTTP/1.1',
    'HTTP/\u0661.1',
    '',
  ])('%j is no version', (version) => {
    expect(refused(`GET / ${version}`)).toBe(
      'client request-malformed: the request line does not end with an HTTP version',
    );
  });
});
