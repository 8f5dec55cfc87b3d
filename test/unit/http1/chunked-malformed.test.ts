import { describe, expect, test } from 'vitest';
import { decode } from './decode-chunked.ts';
import { refusalOf } from './read-request.ts';

describe('malformed chunked body', () => {
  test.each([
    ['\r\n', 'a chunk size begins with 0x0D'],
    ['\n', 'a chunk size begins with 0x0A'],
    [';a\r\n', 'a chunk size begins with 0x3B'],
    [' 5\r\n', 'a chunk size begins with 0x20'],
    ['+5\r\n', 'a chunk size begins with 0x2B'],
    ['-5\r\n', 'a chunk size begins with 0x2D'],
    ['g\r\n', 'a chunk size begins with 0x67'],
    ['"5"\r\n', 'a chunk size begins with 0x22'],
    ['\u00b2\r\n', 'a chunk size begins with 0xB2'],
    ['0x5\r\n', 'a chunk size is followed by 0x78'],
    ['5 \r\n', 'a chunk size is followed by 0x20'],
    ['5\t;a\r\n', 'a chunk size is followed by 0x09'],
    ['5\n', 'a chunk size is followed by 0x0A'],
    ['5_0\r\n', 'a chunk size is followed by 0x5F'],
    ['5,5\r\n', 'a chunk size is followed by 0x2C'],
    ['5\0\r\n', 'a chunk size is followed by 0x00'],
    ['000000005\r\n', 'a chunk size has too many digits'],
    ['100000000\r\n', 'a chunk size has too many digits'],
    ['10000000000000005\r\n', 'a chunk size has too many digits'],
    ['5\r\r\n', 'a chunk size line is followed by 0x0D, not CRLF'],
    ['5\rhello', 'a chunk size line is followed by 0x68, not CRLF'],
    ['5;a\nhello', 'a chunk extension holds 0x0A'],
    ['5;a\0\r\n', 'a chunk extension holds 0x00'],
    ['5;a\x7f\r\n', 'a chunk extension holds 0x7F'],
    ['5;a\rb\r\n', 'a chunk size line is followed by 0x62, not CRLF'],
    [`5;${'a'.repeat(257)}\r\n`, 'chunk extensions are too long'],
    ['5\r\nhello\n', 'the data of a chunk is followed by 0x0A, not CRLF'],
    ['5\r\nhello0\r\n', 'the data of a chunk is followed by 0x30, not CRLF'],
    ['5\r\nhellohello', 'the data of a chunk is followed by 0x68, not CRLF'],
    ['5\r\nhello\rx', 'the data of a chunk is followed by 0x78, not CRLF'],
    ['5\r\nhello\r\n\r\n', 'a chunk size begins with 0x0D'],
    ['0\n\n', 'a chunk size is followed by 0x0A'],
    ['0\r\n\n', 'a trailer line ends in a bare LF'],
    ['0\r\nX: y\n', 'a trailer line ends in a bare LF'],
    ['0\r\nX: y\r\nZ: z\n', 'a trailer line ends in a bare LF'],
  ])('%j is refused', (encoded, message) => {
    expect(refusalOf(() => decode(encoded))).toBe(`malformed: ${message}`);
  });

  test('extensions are bounded for each chunk, not for the body', () => {
    const chunk = `1;${'a'.repeat(256)}\r\nx\r\n`;
    expect(decode(chunk, chunk, '0\r\n\r\n').body).toBe('xx');
  });
});
