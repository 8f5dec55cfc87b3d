import { expect, test } from 'vitest';
import { BySource } from '../../../core/upstreams/sticky/by-source.ts';
import { backendsOf, chiSquared } from './support.ts';

const clients = Array.from({ length: 9000 }, (_, i) => `10.${i % 7}.${i >> 8}.${i & 255}`);

function choices(weights: readonly number[], without: readonly number[] = []): string[] {
  const candidates = backendsOf(...weights).filter((_, index) => !without.includes(index));
  const choice = new BySource();
  return clients.map((client) => choice.pick(candidates, client)?.addressText ?? '-');
}

test('a client has the same backend always, in every worker', () => {
  expect(choices([1, 1, 1])).toEqual(choices([1, 1, 1]));
});

test('clients spread by weight', () => {
  const counts = [0, 0, 0];
  for (const name of choices([1, 2, 6]))
    counts[Number(name.slice(1))] = (counts[Number(name.slice(1))] ?? 0) + 1;
  // 99.9 % of the values with two degrees of freedom are below 13.8; the clients are the same ones always.
  expect(chiSquared(counts, [1, 2, 6])).toBeLessThan(13.8);
});

test('a backend that goes moves its own clients only, and they are back when it is', () => {
  const all = choices([1, 1, 1, 1]);
  const fewer = choices([1, 1, 1, 1], [2]);
  expect(all.flatMap((name, i) => (name === 'b2' || name === fewer[i] ? [] : [i]))).toEqual([]);
  expect(new Set(fewer.filter((_, i) => all[i] === 'b2'))).toEqual(new Set(['b0', 'b1', 'b3']));
});

test('nobody is picked where there is nobody', () => {
  expect(new BySource().pick([], '10.0.0.1')).toBeUndefined();
});
