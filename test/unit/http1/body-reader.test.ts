import { describe, expect, test } from 'vitest';
import type { BodyFraming } from '../../../core/exchange/streams.ts';
import { BodyReader } from '../../../core/http1/body-reader.ts';

/** Reads pieces and returns what was delivered, and what the last call returned. */
function read(framing: BodyFraming, ...pieces: string[]): { delivered: string[]; end: number } {
  const delivered: string[] = [];
  const reader = new BodyReader(framing, {
    onBodyData: (piece) => void delivered.push(piece.toString()),
    onBodyPause() {},
    onBodyEnd() {},
    onBodyError() {},
  });
  let end = -1;
  for (const piece of pieces) end = reader.read(Buffer.from(piece));
  return { delivered, end };
}

describe('body reader', () => {
  test.each([
    [['abc'], ['abc'], 3],
    [['abcdef'], ['abc'], 3],
    [['a', 'bc'], ['a', 'bc'], 2],
    [['ab', 'cd'], ['ab', 'c'], 1],
    [['a', 'b'], ['a', 'b'], -1],
    [['', 'abc'], ['abc'], 3],
  ])('a body of three bytes from %j', (pieces, delivered, end) => {
    expect(read({ kind: 'length', bytes: 3 }, ...pieces)).toEqual({ delivered, end });
  });

  test('a body of no bytes ends before the next byte', () => {
    expect(read({ kind: 'length', bytes: 0 }, 'next')).toEqual({ delivered: [], end: 0 });
  });

  test('a body that ends with its connection never ends by itself', () => {
    expect(read({ kind: 'until-close' }, 'abc', 'def')).toEqual({ delivered: ['abc', 'def'], end: -1 });
  });

  test('a chunked body ends behind its trailers', () => {
    expect(read({ kind: 'chunked' }, '3\r\nabc\r\n0\r\nX: y\r\n\r\nnext')).toEqual({
      delivered: ['abc'],
      end: 19,
    });
  });
});
