import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSize, parseSize } from '../../../core/shared/size.ts';

describe('sizes', () => {
  test.each([
    ['0B', 0],
    ['512B', 512],
    ['64KiB', 65_536],
    ['1MiB', 1_048_576],
    ['1.5MiB', 1_572_864],
    ['2GiB', 2_147_483_648],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', '5', 'KiB', '5 KiB', '5KB', '5kib', '5k', '-1B', '0.5B', '1e3B', '99999999999GiB'])(
    '%j is none',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );

  test('what is written is read as the same', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
    expect(formatSize(65_536)).toBe('64KiB');
  });
});
