import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../core/upstreams/backend.ts';
import { createScheduler, type Scheduler } from '../../../core/upstreams/schedulers/scheduler.ts';
import { backendsOf, chiSquared, countPicks, CRITICAL, schedulerConfig } from './support.ts';

const KEYS = Array.from({ length: 20_000 }, (_, i) => `user${i}`);

/** How far from its share a backend may be, and how many keys besides its own may move with it, as a share of all. */
const kinds = [
  { type: 'consistent-hash', tolerance: 0.25, others: 0, places: [2, 1, 3, 3] },
  { type: 'maglev', tolerance: 0.1, others: 0.02, places: [2, 1, 3, 3] },
] as const;

/** Names as long and as alike as those of real backends. */
function named(...weights: readonly number[]): Backend[] {
  return backendsOf(...weights).map((backend, i) =>
    Object.assign(backend, { addressText: `10.0.0.${i + 1}:8080` }),
  );
}

function schedulerOf(
  type: (typeof kinds)[number]['type'],
  backends: readonly Backend[],
  bounded: number | null = null,
): Scheduler {
  const scheduler = createScheduler(schedulerConfig(type, { bounded }));
  scheduler.setBackends?.(backends);
  return scheduler;
}

function placesOf(
  scheduler: Scheduler,
  candidates: readonly Backend[],
  tried?: readonly Backend[],
): string[] {
  return KEYS.map((key) => scheduler.pick(candidates, key, tried)?.addressText ?? '-');
}

function moved(before: readonly string[], after: readonly string[]): number {
  return before.filter((name, i) => name !== after[i]).length / before.length;
}

describe.each(kinds)('$type', ({ type, tolerance, others, places: known }) => {
  test('the same key goes to the same backend, in every process', () => {
    const backends = named(1, 1, 1);
    const places = placesOf(schedulerOf(type, backends), backends);
    const again = named(1, 1, 1);
    expect(placesOf(schedulerOf(type, again), again)).toEqual(places);
    // For ever: who runs two versions beside each other wants the same places in both.
    expect(places.slice(0, known.length).map((name) => Number(name.at(-6)))).toEqual(known);
  });

  test.each([
    { weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] },
    { weights: [1, 2, 3, 10] },
    { weights: [100, 50] },
    { weights: [5, 0, 5] },
  ])('keys follow the weights $weights within the tolerance', ({ weights }) => {
    const backends = named(...weights);
    const scheduler = schedulerOf(type, backends);
    const counts = countPicks(backends, KEYS.length, (i) => scheduler.pick(backends, KEYS[i]));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    expect(counts.filter((_, i) => weights[i] === 0)).toEqual(weights.filter((weight) => weight === 0));
    // The table of maglev has the weights exactly, so that only chance is left.
    if (type === 'maglev') {
      const shares = weights.filter((weight) => weight > 0);
      const chance = chiSquared(
        counts.filter((count) => count > 0),
        shares,
      );
      expect(chance).toBeLessThan(CRITICAL[shares.length - 1] ?? 0);
    }
    for (const [i, weight] of weights.entries()) {
      const share = (KEYS.length * weight) / total;
      expect(Math.abs((counts[i] ?? 0) - share)).toBeLessThanOrEqual(share * tolerance);
    }
  });

  test('a backend that joins takes about 1/N of the keys, and the others keep theirs', () => {
    const ten = named(...new Array<number>(10).fill(1));
    const nine = ten.slice(0, 9);
    const before = placesOf(schedulerOf(type, nine), nine);
    const after = placesOf(schedulerOf(type, ten), ten);
    expect(moved(before, after)).toBeLessThan(0.1 * (1 + tolerance) + others);
    const between = before.filter((name, i) => name !== after[i] && after[i] !== '10.0.0.10:8080');
    expect(between.length / KEYS.length).toBeLessThanOrEqual(others);
  });

  test('a backend that goes down loses its own keys only, to all the others, and gets them back', () => {
    const backends = named(...new Array<number>(10).fill(1));
    const scheduler = schedulerOf(type, backends);
    const before = placesOf(scheduler, backends);
    const up = backends.filter((_, i) => i !== 3);
    const after = placesOf(scheduler, up);
    const lost = after.filter((_, i) => before[i] === '10.0.0.4:8080');
    expect(moved(before, after)).toBe(lost.length / KEYS.length);
    expect(new Set(lost).size).toBe(9);
    expect(placesOf(scheduler, backends)).toEqual(before);
  });

  test('a retry goes where the key would go without the backend', () => {
    const backends = named(1, 1, 1, 1);
    const scheduler = schedulerOf(type, backends);
    const [first] = backends;
    if (first === undefined) throw new Error('unreachable');
    const without = placesOf(scheduler, backends.slice(1));
    expect(placesOf(scheduler, backends, [first])).toEqual(without);
    expect(scheduler.pick(backends, 'a', [...backends])).toBeUndefined();
  });

  test('a backend that starts slowly leaves a part of its keys to others, and then takes them back', () => {
    const backends = named(1, 1, 1, 1);
    const scheduler = schedulerOf(type, backends);
    const before = placesOf(scheduler, backends);
    const [slow] = backends;
    if (slow === undefined) throw new Error('unreachable');
    const shares = [0.1, 0.5, 0.9].map((weight) => {
      slow.slowStartShare = weight;
      const now = placesOf(scheduler, backends);
      // Nobody else's keys move.
      for (const [i, name] of now.entries()) if (name !== before[i]) expect(before[i]).toBe(slow.addressText);
      const own = before.filter((name) => name === slow.addressText).length;
      return now.filter((name) => name === slow.addressText).length / own;
    });
    for (const [i, weight] of [0.1, 0.5, 0.9].entries()) expect(shares[i]).toBeCloseTo(weight, 1);
    slow.slowStartShare = 1;
    expect(placesOf(scheduler, backends)).toEqual(before);
  });

  test('a lone backend that starts slowly gets everything', () => {
    const [slow] = named(1);
    if (slow === undefined) throw new Error('unreachable');
    slow.slowStartShare = 0.01;
    const backends = [slow];
    expect(schedulerOf(type, backends).pick(backends, 'a')).toBe(slow);
  });

  test('a weight raised at run time gets its share', () => {
    const backends = named(1, 0);
    const scheduler = schedulerOf(type, backends);
    expect(new Set(placesOf(scheduler, backends.slice(0, 1)))).toEqual(new Set(['10.0.0.1:8080']));
    const [, raised] = backends;
    if (raised === undefined) throw new Error('unreachable');
    raised.setTerms({ weight: 3, state: 'ready', priority: 0 });
    const counts = countPicks(backends, KEYS.length, (i) => scheduler.pick(backends, KEYS[i]));
    expect((counts[1] ?? 0) / KEYS.length).toBeGreaterThan(0.75 * (1 - tolerance));
  });

  test('without a key, backends take turns by weight', () => {
    const backends = named(1, 3);
    const scheduler = schedulerOf(type, backends);
    expect(countPicks(backends, 400, () => scheduler.pick(backends))).toEqual([100, 300]);
  });

  test('nothing to pick from', () => {
    const none = named(0, 0);
    expect(schedulerOf(type, none).pick([], 'a')).toBeUndefined();
    expect(schedulerOf(type, []).pick([], 'a')).toBeUndefined();
  });

  test.each([1.1, 1.25, 2])(
    'bounded: %d, no backend has more than so many times its share under way',
    (bounded) => {
      const backends = named(1, 1, 2, 4);
      const scheduler = schedulerOf(type, backends, bounded);
      for (let load = 1; load <= 400; load++) {
        // One hot key, and others
        const picked = scheduler.pick(backends, load % 2 === 0 ? 'hot' : `key${load}`);
        if (picked === undefined) throw new Error('nothing picked');
        picked.runtime.inFlight += 1;
        const allowed = Math.ceil((bounded * load * picked.weight) / 8);
        expect(picked.runtime.inFlight).toBeLessThanOrEqual(allowed);
      }
    },
  );

  test('bounded, with so many backends that what is under way is not counted each time', () => {
    const backends = named(...new Array<number>(200).fill(1));
    const scheduler = schedulerOf(type, backends, 1.25);
    for (let i = 0; i < 20_000; i++) {
      const picked = scheduler.pick(backends, i % 2 === 0 ? 'hot' : `key${i}`);
      if (picked !== undefined) picked.runtime.inFlight += 1;
    }
    const most = Math.max(...backends.map(({ runtime }) => runtime.inFlight));
    expect(most).toBeLessThanOrEqual(126);
    for (const { runtime } of backends) runtime.inFlight = 0;
    // Nothing is under way any more: keys are where they belong.
    const home = scheduler.pick(backends, 'hot');
    expect(scheduler.pick(backends, 'hot')).toBe(home);
  });

  test('without a bound a hot key stays where it is', () => {
    const backends = named(1, 1, 1);
    const scheduler = schedulerOf(type, backends);
    const first = scheduler.pick(backends, 'hot');
    if (first !== undefined) first.runtime.inFlight = 1000;
    expect(scheduler.pick(backends, 'hot')).toBe(first);
  });
});

test('heavy weights take bounded memory, and keep their proportion', () => {
  const backends = named(65_535, 65_535, 32_768);
  const scheduler = schedulerOf('consistent-hash', backends);
  const counts = countPicks(backends, KEYS.length, (i) => scheduler.pick(backends, KEYS[i]));
  for (const [i, share] of [0.4, 0.4, 0.2].entries())
    expect((counts[i] ?? 0) / KEYS.length).toBeCloseTo(share, 1);
});
