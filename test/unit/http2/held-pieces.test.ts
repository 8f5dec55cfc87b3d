import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeldPieces } from '../../../core/http2/held-pieces.ts';

test('what is added is taken, in order, and counted', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 600 }), fc.constant(null))), (steps) => {
      const held = new HeldPieces();
      const added: Uint8Array[] = [];
      const taken: Buffer[] = [];
      for (const step of steps) {
        if (step === null) taken.push(held.take() ?? Buffer.alloc(0));
        else {
          added.push(step);
          held.add(Buffer.from(step));
        }
        const length = (pieces: readonly Uint8Array[]): number => Buffer.concat(pieces).length;
        expect(held.bytes).toBe(length(added) - length(taken));
      }
      taken.push(...held.takeAll());
      expect(Buffer.concat(taken)).toEqual(Buffer.concat(added));
    }),
  );
});

test('a body that comes byte by byte is held in a few blocks', () => {
  const held = new HeldPieces();
  for (let i = 0; i < 60_000; i++) held.add(Buffer.from([i & 255]));
  const blocks = held.takeAll();
  expect(blocks.length).toBeLessThan(16);
  expect(blocks.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBeLessThan(1024 * 1024);
});
