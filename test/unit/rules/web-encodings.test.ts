import fc from 'fast-check';
import { expect, test } from 'vitest';
import { atob as ourAtob, btoa as ourBtoa } from '../../../rules/runtime/base64.ts';
import {
  TextDecoder as OurDecoder,
  TextEncoder as OurEncoder,
} from '../../../rules/runtime/text-encoding.ts';

const anyText = fc.string({ unit: 'binary' });

test('UTF-8 is written and read as the web does it', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect([...new OurEncoder().encode(text)]).toEqual([...new TextEncoder().encode(text)]);
    }),
  );
  const byte = fc.constantFrom(
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc2,
    0xdf,
    0xe0,
    0xed,
    0xef,
    0xbb,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), fc.array(byte, { maxLength: 8 }), (bytes, chosen) => {
      for (const input of [bytes, Uint8Array.from(chosen)]) {
        expect(new OurDecoder().decode(input)).toBe(new TextDecoder().decode(input));
        expect(new OurDecoder('utf-8', { ignoreBOM: true }).decode(input)).toBe(
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(input),
        );
        const strict = outcome(() => new TextDecoder('utf-8', { fatal: true }).decode(input));
        expect(outcome(() => new OurDecoder('utf-8', { fatal: true }).decode(input))).toEqual(strict);
      }
    }),
    { numRuns: 2000 },
  );
});

test('base64 is written and read as the web does it', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = String.fromCharCode(...bytes);
      expect(ourBtoa(text)).toBe(btoa(text));
      expect(ourAtob(btoa(text))).toBe(text);
    }),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('A', 'b', '0', '+', '/', '=', ' ', '\n', '-'), maxLength: 9 }),
      (text) => {
        expect(outcome(() => ourAtob(text))).toEqual(outcome(() => atob(text)));
      },
    ),
    { numRuns: 2000 },
  );
  expect(() => ourBtoa('\u0100')).toThrow(TypeError);
});

/** The result, or that there was none. */
function outcome(call: () => string): string | null {
  try {
    return call();
  } catch {
    return null;
  }
}
