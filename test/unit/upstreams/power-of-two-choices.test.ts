import { describe, expect, test } from 'vitest';
import { PowerOfTwoChoices } from '../../../core/upstreams/schedulers/power-of-two-choices.ts';
import { Random } from '../../../core/upstreams/schedulers/random.ts';
import type { Scheduler } from '../../../core/upstreams/schedulers/scheduler.ts';
import { backendsOf, chiSquared, countPicks, CRITICAL, seededRandom } from './support.ts';

/** Exchanges under way at the fullest of ten backends when 1,000 came and none has ended. */
function fullest(scheduler: Scheduler): number {
  const backends = backendsOf(...new Array<number>(10).fill(1));
  for (let i = 0; i < 1000; i++) {
    const picked = scheduler.pick(backends);
    if (picked !== undefined) picked.runtime.inFlight += 1;
  }
  return Math.max(...backends.map(({ runtime }) => runtime.inFlight));
}

describe('power-of-two-choices', () => {
  test.each([1, 2, 3])('follows the weights while backends are idle (seed %i)', (seed) => {
    const backends = backendsOf(1, 2, 3, 10);
    const scheduler = new PowerOfTwoChoices(seededRandom(seed));
    const counts = countPicks(backends, 20_000, () => scheduler.pick(backends));
    expect(chiSquared(counts, [1, 2, 3, 10])).toBeLessThan(CRITICAL[3] ?? 0);
  });

  test('takes the one with less under way for its weight', () => {
    const [light, heavy] = backendsOf(1, 4);
    if (light === undefined || heavy === undefined) throw new Error('unreachable');
    const scheduler = new PowerOfTwoChoices(seededRandom(1));
    light.runtime.inFlight = 1;
    heavy.runtime.inFlight = 3;
    for (let i = 0; i < 50; i++) expect(scheduler.pick([light, heavy])).toBe(heavy);
    heavy.runtime.inFlight = 5;
    for (let i = 0; i < 50; i++) expect(scheduler.pick([light, heavy])).toBe(light);
  });

  test('fills backends far more evenly than random does', () => {
    expect(fullest(new PowerOfTwoChoices(seededRandom(1)))).toBeLessThanOrEqual(103);
    expect(fullest(new Random(seededRandom(1)))).toBeGreaterThan(110);
  });

  test('never picks what was tried, nor weight 0', () => {
    const backends = backendsOf(1, 0, 1);
    const [first, , third] = backends;
    if (first === undefined) throw new Error('unreachable');
    const scheduler = new PowerOfTwoChoices(seededRandom(1));
    for (let i = 0; i < 50; i++) expect(scheduler.pick(backends, undefined, [first])).toBe(third);
    expect(scheduler.pick(backends, undefined, [...backends])).toBeUndefined();
  });
});
