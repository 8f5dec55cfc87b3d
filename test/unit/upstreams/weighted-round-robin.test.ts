import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { WeightedRoundRobin } from '../../../core/upstreams/schedulers/weighted-round-robin.ts';
import { backendsOf, countOf, picks } from './support.ts';

describe('weighted-round-robin', () => {
  test('spreads a heavy backend over the round', () => {
    const backends = backendsOf(5, 1, 1);
    const scheduler = new WeightedRoundRobin();
    expect(picks(() => scheduler.pick(backends), 7)).toEqual(['b0', 'b0', 'b1', 'b0', 'b2', 'b0', 'b0']);
  });

  test('gives each backend exactly its weight in every round', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 }), (weights) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const backends = backendsOf(...weights);
        const scheduler = new WeightedRoundRobin();
        const expected = Object.fromEntries(
          weights.map((weight, i) => [`b${i}`, weight] as const).filter(([, weight]) => weight > 0),
        );
        for (let round = 0; round < 2; round++) {
          expect(countOf(picks(() => scheduler.pick(backends), total))).toEqual(expected);
        }
        if (total === 0) expect(scheduler.pick(backends)).toBeUndefined();
      }),
    );
  });

  test('keeps the proportions of the others when each request to one backend is retried on them', () => {
    const backends = backendsOf(6, 2, 1);
    const [failing, ...rest] = backends;
    const scheduler = new WeightedRoundRobin();
    const served = picks(() => {
      const first = scheduler.pick(backends);
      return first === failing ? scheduler.pick(rest) : first;
    }, 900);
    expect(Math.abs((countOf(served)['b1'] ?? 0) - 600)).toBeLessThan(3);
    expect(countOf(served)['b0']).toBeUndefined();
  });
});
