import { describe, expect, test } from 'vitest';
import { Rendezvous } from '../../../core/upstreams/rendezvous.ts';
import { backendsOf, chiSquared, CRITICAL } from './support.ts';

const clients = Array.from(
  { length: 12_000 },
  (_, i) => `10.${i % 7}.${i >> 8}.${i & 255} ${1024 + (i % 5)}`,
);

function choices(weights: readonly number[], without: readonly number[] = []): string[] {
  const candidates = backendsOf(...weights).filter((_, index) => !without.includes(index));
  const rendezvous = new Rendezvous();
  return clients.map((client) => rendezvous.pick(candidates, client, undefined)?.addressText ?? '-');
}

test('the same key has the same candidate, whoever asks', () => {
  expect(choices([1, 2, 1])).toEqual(choices([1, 2, 1]));
});

describe('keys spread by weight', () => {
  test.each([{ weights: [1, 1] }, { weights: [1, 2, 6] }, { weights: [100, 50, 1, 100, 3] }])(
    '$weights',
    ({ weights }) => {
      const counts = weights.map(() => 0);
      for (const name of choices(weights))
        counts[Number(name.slice(1))] = (counts[Number(name.slice(1))] ?? 0) + 1;
      expect(chiSquared(counts, weights)).toBeLessThan(CRITICAL[weights.length - 1] ?? 0);
    },
  );
});

test('a candidate that goes moves its own keys only, to all others', () => {
  const all = choices([1, 1, 1, 1]);
  const fewer = choices([1, 1, 1, 1], [2]);
  expect(all.filter((name, i) => name !== 'b2' && name !== fewer[i])).toEqual([]);
  expect(new Set(fewer.filter((_, i) => all[i] === 'b2'))).toEqual(new Set(['b0', 'b1', 'b3']));
});

test('a raised weight takes keys and gives none away', () => {
  const before = choices([1, 1, 1]);
  const after = choices([2, 1, 1]);
  expect(after.filter((name, i) => name !== before[i] && name !== 'b0')).toEqual([]);
});

test('what was tried is left out', () => {
  const candidates = backendsOf(1, 1, 1);
  const rendezvous = new Rendezvous();
  const first = rendezvous.pick(candidates, 'client', undefined);
  const second = rendezvous.pick(candidates, 'client', first === undefined ? [] : [first]);
  expect(second).not.toBe(first);
  expect(second).toBeDefined();
  expect(rendezvous.pick(candidates, 'client', candidates)).toBeUndefined();
});
