import { describe, expect, test } from 'vitest';
import { decode } from './decode-chunked.ts';
import { refusalOf } from './read-request.ts';

const MAX_BYTES = 16 * 1024;
const trailersOf = (...lines: string[]) => decode(`0\r\n${lines.join('\r\n')}\r\n\r\n`).trailers;
/** All at once but for the end, where it counts: thousands of steps would take their time. */
const piecesOf = (text: string): string[] => [text.slice(0, -1000), ...text.slice(-1000)];
const refused = (...lines: string[]): string => refusalOf(() => trailersOf(...lines));

describe('trailers', () => {
  test('order, case and duplicates are kept', () => {
    expect(trailersOf('X-B: 1', 'x-a:2', 'X-B: 3 ')).toEqual([
      ['X-B', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
    ]);
  });

  test('what follows them is left alone', () => {
    expect(decode('0\r\nX: y\r\n\r\nrest')).toMatchObject({ trailers: [['X', 'y']], rest: 'rest' });
  });

  // RFC 9110 6.5.1.
  test.each([
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'Connection',
    'Keep-Alive',
    'Upgrade',
    'TE',
    'Trailer',
    'Authorization',
    'Proxy-Authorization',
    'Cookie',
    'Set-Cookie',
    'Content-Type',
    'Content-Encoding',
    'Content-Range',
    'Cache-Control',
    'Expect',
    'X-Forwarded-For',
    'Forwarded',
    'Via',
  ])('%s is dropped from a trailer', (name) => {
    expect(trailersOf('A: 1', `${name}: 1`, 'B: 2', `${name.toUpperCase()}: 2`)).toEqual([
      ['A', '1'],
      ['B', '2'],
    ]);
  });

  test.each([
    ['X : y', 'the header name "X" is followed by 0x20'],
    [': y', 'a header line has no name'],
    ['X', 'the header line "X" has no colon'],
    [' X: y', 'a header line is folded or begins with white space'],
    ['X: y\0', 'the value of X holds 0x00'],
    ['X: y\rz', 'the value of X holds 0x0D'],
    ['\rX: y', 'the header line "" has no colon'],
    ['GET / HTTP/1.1', 'the header name "GET" is followed by 0x20'],
  ])('%j is refused', (line, message) => {
    expect(refused('A: b', line)).toBe(`malformed: ${message}`);
  });

  test('their number is bounded', () => {
    const lines = Array.from({ length: 64 }, (_, i) => `X-${i}: y`);
    expect(trailersOf(...lines)).toHaveLength(64);
    expect(refused(...lines, 'X: y')).toBe('malformed: more than 64 header fields in a trailer section');
  });

  test('their size is bounded, the same in one piece and byte by byte', () => {
    const longest = `X: ${'y'.repeat(MAX_BYTES - 3)}`;
    const whole = `0\r\n${longest}\r\n\r\n`;
    expect(decode(whole).rest).toBe('');
    expect(decode(...piecesOf(whole)).rest).toBe('');
    const tooLong = `0\r\n${longest}y\r\n\r\n`;
    expect(refusalOf(() => decode(tooLong))).toBe('malformed: the trailer section is too long');
    expect(refusalOf(() => decode(...piecesOf(tooLong)))).toBe('malformed: the trailer section is too long');
  });

  test('a section that never ends is refused', () => {
    expect(refusalOf(() => decode('0\r\n', ...Array.from({ length: 2000 }, () => 'X: 0123\r\n')))).toBe(
      'malformed: the trailer section is too long',
    );
  });
});
