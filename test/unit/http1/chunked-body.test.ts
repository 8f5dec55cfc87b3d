import { describe, expect, test } from 'vitest';
import { ChunkedDecoder } from '../../../core/http1/chunked-decoder.ts';
import { decode } from './decode-chunked.ts';

describe('chunked body', () => {
  test.each([
    ['0\r\n\r\n', ''],
    ['000\r\n\r\n', ''],
    ['00000000\r\n\r\n', ''],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['00000005\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['a\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['A\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['1\r\na\r\n2\r\nbc\r\n0\r\n\r\n', 'abc'],
    ['4\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n'],
    ['2\r\n\0\u00ff\r\n0\r\n\r\n', '\0\u00ff'],
    ['5;a\r\nhello\r\n0;b=c\r\n\r\n', 'hello'],
    ['5;a="b;c, \t\u00e9"\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['5; \r\nhello\r\n0;\r\n\r\n', 'hello'],
  ])('%j', (encoded, body) => {
    expect(decode(encoded)).toEqual({ body, trailers: [], rest: '' });
  });

  test('what follows the body is left alone', () => {
    expect(decode('1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n').rest).toBe('GET / HTTP/1.1\r\n');
  });

  test('decoding begins at the offset', () => {
    const decoder = new ChunkedDecoder();
    const pieces: string[] = [];
    const end = decoder.decode(Buffer.from('xx1\r\na\r\n0\r\n\r\nyy'), 2, {
      onBodyData: (piece) => void pieces.push(piece.toString()),
    });
    expect([pieces, end]).toEqual([['a'], 13]);
  });

  test.each([
    '',
    '5',
    '5\r',
    '5\r\n',
    '5\r\nhell',
    '5\r\nhello',
    '5\r\nhello\r',
    '5\r\nhello\r\n',
    '5\r\nhello\r\n0\r\n',
    '0\r\n\r',
    '0\r\nX: y\r\n',
  ])('%j is not whole', (encoded) => {
    expect(decode(encoded).rest).toBeNull();
  });

  test('the data of a chunk is delivered before the chunk is whole, without a copy', () => {
    const decoder = new ChunkedDecoder();
    const pieces: Buffer[] = [];
    const sink = { onBodyData: (piece: Buffer) => void pieces.push(piece) };
    decoder.decode(Buffer.from('ffffffff\r\n'), 0, sink);
    const data = Buffer.alloc(1000);
    decoder.decode(data, 0, sink);
    expect(pieces).toHaveLength(1);
    expect(pieces[0]).toBe(data);
  });
});
