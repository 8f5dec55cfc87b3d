import { describe, expect, test } from 'vitest';
import { parseFields, refusal } from './read-request.ts';

const refused = (...fields: string[]): string => refusal(['POST / HTTP/1.1', 'Host: a', ...fields]);
const malformed = (message: string): string => `client request-malformed: ${message}`;

describe('request framing', () => {
  test('no length and no coding: no body', () => {
    expect(parseFields().head.framing).toEqual({ kind: 'none' });
  });

  test.each([
    ['0', 0],
    ['5', 5],
    ['005', 5],
    ['\t5 ', 5],
    ['999999999999999', 999_999_999_999_999],
  ])('Content-Length %j', (value, bytes) => {
    expect(parseFields(`Content-Length:${value}`).head.framing).toEqual({ kind: 'length', bytes });
  });

  test.each([
    '',
    '+5',
    '-5',
    '5.0',
    '5e1',
    '0x5',
    '5 5',
    '5,5',
    '5, 5',
    '5;',
    'five',
    '"5"',
    '5\u00a0',
    '\u00b2',
    '1000000000000000',
    '9007199254740993',
    '18446744073709551621',
    '5_0',
  ])('Content-Length %j is refused', (value) => {
    expect(refused(`Content-Length: ${value}`)).toBe(
      malformed(`Content-Length ${JSON.stringify(value)} is not a number of bytes`),
    );
  });

  test.each([
    ['5', '6'],
    ['5', '5'],
    ['5', ''],
    ['0', '0'],
  ])('two lengths, %j and %j, are refused', (first, second) => {
    expect(refused(`Content-Length: ${first}`, `content-length: ${second}`)).toBe(
      malformed('more than one Content-Length'),
    );
  });

  test.each(['chunked', 'CHUNKED', 'Chunked', ' chunked\t'])('Transfer-Encoding %j', (value) => {
    expect(parseFields(`Transfer-Encoding:${value}`).head.framing).toEqual({ kind: 'chunked' });
  });

  test.each([
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Transfer-Encoding: identity', 'Content-Length: 5'],
    ['Transfer-Encoding:', 'Content-Length: 5'],
    ['Transfer-Encoding: chunked', 'X: y', 'CONTENT-LENGTH: 0'],
  ])('length and coding together are refused: %j, %j', (...fields) => {
    expect(refused(...fields)).toBe(malformed('Content-Length together with Transfer-Encoding'));
  });

  test.each([
    '',
    'identity',
    'xchunked',
    'chunkedx',
    'chunked;q=1',
    '"chunked"',
    'chunked\u00a0',
    '\u00a0chunked',
    'chunked chunked',
    'chunked, identity',
    'chunked, chunked',
    'chunked,',
    ',chunked',
    'chunked, gzip',
    'gzip',
    'x, chunked',
    'gzip\u00a0, chunked',
  ])('Transfer-Encoding %j is refused', (value) => {
    expect(refused(`Transfer-Encoding: ${value}`)).toBe(malformed('Transfer-Encoding is not chunked'));
  });

  test.each(['gzip, chunked', 'GZIP\t,chunked', 'deflate, gzip, chunked', 'x-gzip,chunked', 'zstd, chunked'])(
    'the coding in %j is not supported',
    (value) => {
      expect(refused(`Transfer-Encoding: ${value}`)).toBe(
        `client transfer-coding-unsupported: Transfer-Encoding ${JSON.stringify(value)} is not supported`,
      );
    },
  );

  test.each([
    ['chunked', 'chunked'],
    ['chunked', 'identity'],
    ['identity', 'chunked'],
    ['', 'chunked'],
    ['chunked', ''],
  ])('two codings, %j and %j, are refused', (first, second) => {
    expect(refused(`Transfer-Encoding: ${first}`, `Transfer-Encoding: ${second}`)).toBe(
      malformed('Transfer-Encoding is not chunked'),
    );
  });

  test('HTTP/1.0 has no transfer codings', () => {
    expect(refusal(['POST / HTTP/1.0', 'Transfer-Encoding: chunked'])).toBe(
      malformed('Transfer-Encoding in an HTTP/1.0 request'),
    );
  });

  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'CONNECT'])('a %s may have a body', (method) => {
    const target = method === 'CONNECT' ? 'a:1' : '/';
    expect(refusal([`${method} ${target} HTTP/1.1`, 'Host: a', 'Content-Length: 5'])).toBe('accepted');
  });
});
