import { describe, expect, test } from 'vitest';
import { Random } from '../../../core/upstreams/schedulers/random.ts';
import { backendsOf, chiSquared, countOf, countPicks, picks, seededRandom, slowStarting } from './support.ts';

/** The 0.999 quantile of chi-squared with three degrees of freedom. */
const CRITICAL_3 = 16.27;
const PICKS = 20_000;

function observed(weights: readonly number[], seed: number): number[] {
  const backends = backendsOf(...weights);
  const scheduler = new Random(seededRandom(seed));
  const counts = countOf(picks(() => scheduler.pick(backends), PICKS));
  return backends.map((backend) => counts[backend.addressText] ?? 0);
}

describe('random', () => {
  test.each([1, 2, 3, 4, 5])('follows the weights (seed %i)', (seed) => {
    expect(chiSquared(observed([1, 2, 3, 10], seed), [1, 2, 3, 10])).toBeLessThan(CRITICAL_3);
  });

  test('the statistic tells weights from no weights', () => {
    expect(chiSquared(observed([1, 2, 3, 10], 1), [1, 1, 1, 1])).toBeGreaterThan(CRITICAL_3);
  });

  test("a backend's share of the range begins where the one before it ends", () => {
    expect(
      [0, 0.24, 0.25, 0.99].map((value) => new Random(() => value).pick(backendsOf(1, 3))?.addressText),
    ).toEqual(['b0', 'b0', 'b1', 'b1']);
  });

  test.each([
    { name: 'alike', weightOf: (i: number) => 1 + (i % 4) },
    { name: 'one of nearly all weight', weightOf: (i: number) => (i === 7 ? 1000 : 1 + (i % 2)) },
  ])('follows the weights of many backends ($name)', ({ weightOf }) => {
    const weights = Array.from({ length: 40 }, (_, i) => weightOf(i));
    const counts = observed(weights, 1);
    // The 0.999 quantile with 39 degrees of freedom.
    expect(chiSquared(counts, weights)).toBeLessThan(72.1);
    expect(chiSquared(counts, new Array<number>(40).fill(1))).toBeGreaterThan(72.1);
  });

  test('of many backends, a part that starts slowly has so much less', () => {
    const weights = Array.from({ length: 40 }, (_, i) => (i < 20 ? 0.25 : 1));
    const backends = slowStarting(weights);
    const scheduler = new Random(seededRandom(1));
    const counts = countPicks(backends, PICKS, () => scheduler.pick(backends));
    expect(chiSquared(counts, weights)).toBeLessThan(72.1);
  });

  test('of many backends, none that was tried', () => {
    const backends = backendsOf(...new Array<number>(40).fill(1));
    const scheduler = new Random(seededRandom(1));
    const tried = backends.slice(1);
    for (let i = 0; i < 50; i++) expect(scheduler.pick(backends, undefined, tried)).toBe(backends[0]);
    expect(scheduler.pick(backends, undefined, backends)).toBeUndefined();
  });

  test('never picks weight 0, at either end of the range', () => {
    const backends = backendsOf(0, 1, 0);
    for (const value of [0, 0.5, 1 - Number.EPSILON / 2]) {
      expect(new Random(() => value).pick(backends)?.addressText).toBe('b1');
    }
    expect(new Random().pick(backendsOf(0, 0))).toBeUndefined();
  });
});
