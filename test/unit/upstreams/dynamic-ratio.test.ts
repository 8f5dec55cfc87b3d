import { expect, test } from 'vitest';
import { DynamicRatio } from '../../../core/upstreams/schedulers/dynamic-ratio.ts';
import { backendsOf, countPicks, slowStarting } from './support.ts';

test.each([
  { reported: [null, null], weights: [1, 3], shares: [100, 300] },
  { reported: [30, 10], weights: [1, 1], shares: [300, 100] },
  { reported: [30, null], weights: [1, 10], shares: [300, 100] },
  { reported: [0, 7], weights: [1, 1], shares: [0, 400] },
  { reported: [0, 0], weights: [3, 1], shares: [300, 100] },
  { reported: [9, 9], weights: [0, 1], shares: [0, 400] },
])('reported $reported with the weights $weights', ({ reported, weights, shares }) => {
  const backends = backendsOf(...weights);
  for (const [i, { runtime }] of backends.entries()) runtime.reportedWeight = reported[i] ?? null;
  const scheduler = new DynamicRatio();
  expect(countPicks(backends, 400, () => scheduler.pick(backends))).toEqual(shares);
});

test('a backend that starts slowly takes as much less of what it reports', () => {
  const backends = slowStarting([1, 0.25]);
  for (const { runtime } of backends) runtime.reportedWeight = 40;
  const scheduler = new DynamicRatio();
  expect(countPicks(backends, 500, () => scheduler.pick(backends))).toEqual([400, 100]);
});

test('a retry goes to a backend that reported 0, if it is the only other one', () => {
  const backends = backendsOf(1, 1);
  const [first, second] = backends;
  if (first === undefined || second === undefined) throw new Error('unreachable');
  second.runtime.reportedWeight = 0;
  expect(new DynamicRatio().pick(backends, undefined, [first])).toBe(second);
});
