import { expect, test } from 'vitest';

import type { NameAnswer } from '../../../core/primary/names/name-source.ts';
import { MOST_ADDRESSES, nextAddresses } from '../../../core/primary/names/next-addresses.ts';

const both = new Set([4, 6]);

function answer(addresses: readonly string[], failed: NameAnswer['failed'] = null): NameAnswer {
  return { addresses, ttlMs: null, failed };
}

test('the answer replaces what was known, whatever its order and repetitions', () => {
  const next = nextAddresses(['10.0.0.9'], answer(['10.0.0.2', '10.0.0.1', '10.0.0.2']), both);
  expect(next).toEqual(['10.0.0.1', '10.0.0.2']);
});

test('of a family about which nothing could be learnt, the known addresses stay', () => {
  const failed = { families: [6], reason: 'AAAA: ETIMEOUT' } as const;
  expect(nextAddresses(['10.0.0.1', 'fd00::1'], answer(['10.0.0.2'], failed), both)).toEqual([
    '10.0.0.2',
    'fd00::1',
  ]);
});

test('addresses of a family that this machine does not have are left out, but not when there is no other', () => {
  const onlyFour = new Set([4]);
  expect(nextAddresses([], answer(['10.0.0.1', 'fd00::1', '::1']), onlyFour)).toEqual(['10.0.0.1', '::1']);
  expect(nextAddresses([], answer(['fd00::1']), onlyFour)).toEqual(['fd00::1']);
});

test('an answer of thousands of records gives a bounded number of backends, the same ones each time', () => {
  const many = Array.from({ length: 5000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  const first = nextAddresses([], answer(many), both);
  expect(first).toHaveLength(MOST_ADDRESSES);
  expect(nextAddresses(first, answer(many.toReversed()), both)).toEqual(first);
});

test('the unspecified address of a server that blocks a name is no backend: it would be this machine', () => {
  expect(nextAddresses([], answer(['0.0.0.0', '::']), both)).toEqual([]);
});
