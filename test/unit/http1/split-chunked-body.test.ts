import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkedBody, cutUp, cuts, mutate, mutations } from './arbitrary-messages.ts';
import { decode, type DecodedBody } from './decode-chunked.ts';
import { refusalOf } from './read-request.ts';

describe('chunked body that arrives in pieces', () => {
  test('is decoded as it is in one piece, wherever it is cut', () => {
    fc.assert(
      fc.property(chunkedBody, fc.string(), cuts, ({ encoded, data, trailers }, next, at) => {
        const expected: DecodedBody = { body: data, trailers, rest: next };
        expect(decode(encoded + next)).toEqual(expected);
        expect(decode(...cutUp(encoded + next, at))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('is decoded as it is in one piece, byte by byte', () => {
    fc.assert(
      fc.property(chunkedBody, ({ encoded, data, trailers }) => {
        expect(decode(...encoded)).toEqual({ body: data, trailers, rest: '' });
      }),
    );
  });

  test('when broken, is refused or left waiting as it is in one piece', () => {
    const outcome = (pieces: readonly string[]): unknown => {
      let decoded: DecodedBody | null = null;
      const refusal = refusalOf(() => (decoded = decode(...pieces)));
      return refusal === 'accepted' ? decoded : 'refused';
    };
    fc.assert(
      fc.property(chunkedBody, mutations, cuts, ({ encoded }, changes, at) => {
        const broken = `${mutate(encoded, changes)}\r\n\r\n`;
        expect(outcome(cutUp(broken, at))).toEqual(outcome([broken]));
      }),
      { numRuns: 1000 },
    );
  });
});
