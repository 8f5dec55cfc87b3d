import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Weighted } from '../../../core/upstreams/schedulers/weighted.ts';
import { backendsOf, countOf, picks, slowStarting } from './support.ts';

describe('weighted', () => {
  test('gives each backend a run as long as its weight', () => {
    const backends = backendsOf(3, 1, 2);
    const scheduler = new Weighted();
    expect(picks(() => scheduler.pick(backends), 8)).toEqual([
      'b0',
      'b0',
      'b0',
      'b1',
      'b2',
      'b2',
      'b0',
      'b0',
    ]);
  });

  test('every round has exactly the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }), (weights) => {
        const backends = backendsOf(...weights);
        const scheduler = new Weighted();
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const expected = Object.fromEntries(
          weights.flatMap((weight, i) => (weight === 0 ? [] : [[`b${i}`, weight]])),
        );
        for (let round = 0; round < 3; round++)
          expect(countOf(picks(() => scheduler.pick(backends), total))).toEqual(expected);
        if (total === 0) expect(scheduler.pick(backends)).toBeUndefined();
      }),
    );
  });

  test.each([
    [[0.5, 2.25, 0.1], 2850],
    [[0.5, 0.25, 0.1], 850],
  ])('a weight that is no whole number gets its share (%j)', (weights, times) => {
    const backends = slowStarting(weights);
    const scheduler = new Weighted();
    const counts = countOf(picks(() => scheduler.pick(backends), times));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [i, weight] of weights.entries())
      expect(Math.abs((counts[`b${i}`] ?? 0) - (weight / total) * times)).toBeLessThan(12);
  });

  test('retries do not all go to the backend behind the failing one', () => {
    const backends = backendsOf(4, 1, 1);
    const scheduler = new Weighted();
    const [failing] = backends;
    if (failing === undefined) throw new Error('unreachable');
    const served = picks(() => {
      const first = scheduler.pick(backends);
      return first === failing ? scheduler.pick(backends, undefined, [failing]) : first;
    }, 12);
    expect(countOf(served)).toEqual({ b1: 6, b2: 6 });
  });

  test('goes on with its run when the candidates change', () => {
    const backends = backendsOf(2, 3, 1);
    const scheduler = new Weighted();
    expect(picks(() => scheduler.pick(backends), 3)).toEqual(['b0', 'b0', 'b1']);
    const fewer = backends.slice(1);
    expect(picks(() => scheduler.pick(fewer), 4)).toEqual(['b1', 'b1', 'b2', 'b1']);
  });
});
