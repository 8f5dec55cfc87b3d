import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../core/upstreams/backend.ts';
import { KeyModulo } from '../../../core/upstreams/schedulers/key-modulo.ts';
import { backendsOf, chiSquared, countPicks, CRITICAL, picks } from './support.ts';

function schedulerOf(backends: readonly Backend[]): KeyModulo {
  const scheduler = new KeyModulo({ subKey: false });
  scheduler.setBackends(backends);
  return scheduler;
}

describe('key-modulo', () => {
  test('a whole number goes to the backend of its remainder, by weight', () => {
    const backends = backendsOf(1, 2, 1);
    const scheduler = schedulerOf(backends);
    let key = 0;
    expect(picks(() => scheduler.pick(backends, String(key++)), 9)).toEqual([
      'b0',
      'b1',
      'b1',
      'b2',
      'b0',
      'b1',
      'b1',
      'b2',
      'b0',
    ]);
    expect(scheduler.pick(backends, Buffer.from('4'))?.addressText).toBe('b0');
  });

  test('any other key goes by its hash, in proportion to the weights', () => {
    const backends = backendsOf(1, 2, 3, 10);
    const scheduler = schedulerOf(backends);
    const counts = countPicks(backends, 20_000, (i) => scheduler.pick(backends, `user${i}`));
    expect(chiSquared(counts, [1, 2, 3, 10])).toBeLessThan(CRITICAL[3] ?? 0);
    expect(scheduler.pick(backends, 'a')).toBe(scheduler.pick(backends, 'a'));
  });

  test('a backend that is down loses its own keys only, evenly to the others', () => {
    const backends = backendsOf(1, 1, 1, 1);
    const scheduler = schedulerOf(backends);
    const up = backends.filter((_, i) => i !== 1);
    const counts = countPicks(backends, 4000, (i) => {
      const before = scheduler.pick(backends, String(i));
      const after = scheduler.pick(up, String(i));
      if (before !== backends[1]) expect(after).toBe(before);
      return before === backends[1] ? after : undefined;
    });
    expect(counts[1]).toBe(0);
    expect(
      chiSquared(
        counts.filter((count) => count > 0),
        [1, 1, 1],
      ),
    ).toBeLessThan(CRITICAL[2] ?? 0);
  });

  test('the last of a hundred backends gets every key', () => {
    const backends = backendsOf(...new Array<number>(100).fill(1));
    const scheduler = schedulerOf(backends);
    const last = backends.slice(99);
    for (let i = 0; i < 200; i++) expect(scheduler.pick(last, `k${i}`)).toBe(last[0]);
  });

  test('weight 0 and no backends', () => {
    const backends = backendsOf(0, 1);
    const scheduler = schedulerOf(backends);
    for (let i = 0; i < 20; i++) expect(scheduler.pick(backends, `${i}`)?.addressText).toBe('b1');
    expect(scheduler.pick(backends, '1', [...backends])).toBeUndefined();
    expect(schedulerOf([]).pick([], '1')).toBeUndefined();
  });

  test('without a key, backends take turns', () => {
    const backends = backendsOf(1, 1);
    expect(picks(() => schedulerOf(backends).pick(backends), 1)).toEqual(['b0']);
  });
});
