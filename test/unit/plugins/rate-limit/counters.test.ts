import { describe, expect, test } from 'vitest';
import type { Counter, Limit } from '../../../../plugins/builtin/rate-limit/counter.ts';
import { SlidingWindow } from '../../../../plugins/builtin/rate-limit/sliding-window.ts';
import { TokenBucket } from '../../../../plugins/builtin/rate-limit/token-bucket.ts';

const algorithms = { 'token bucket': TokenBucket, 'sliding window': SlidingWindow };
type Algorithm = keyof typeof algorithms;

function counter(algorithm: Algorithm, requests: number, perMs: number, burst = requests): Counter {
  const limit: Limit = { name: 'test', requests, perMs, burst };
  return new algorithms[algorithm](limit);
}

/** At which of these moments a request comes through. */
function allowed(of: Counter, moments: readonly number[]): number[] {
  return moments.filter((now) => {
    if (of.waitMs(now) > 0) return false;
    of.take(now, 1);
    return true;
  });
}

describe.each<[Algorithm, { requests: number; perMs: number; burst?: number }, number[], number[]]>([
  // a burst, then one for each tenth of a second
  ['token bucket', { requests: 10, perMs: 1000, burst: 2 }, [0, 0, 0, 99, 100, 101, 200], [0, 0, 100, 200]],
  // a rest fills it up to the burst, and no further
  ['token bucket', { requests: 10, perMs: 1000, burst: 2 }, [0, 5000, 5000, 5000], [0, 5000, 5000]],
  ['token bucket', { requests: 1, perMs: 1000 }, [0, 999, 1000, 1500, 2000], [0, 1000, 2000]],
  // of the window before six tenths count at 1400, the half at 1500
  [
    'sliding window',
    { requests: 4, perMs: 1000 },
    [900, 900, 900, 900, 900, 1400, 1500, 1500, 1500],
    [900, 900, 900, 900, 1400, 1500],
  ],
  // after two windows nothing counts
  ['sliding window', { requests: 2, perMs: 1000 }, [0, 0, 0, 2000, 2000, 2000], [0, 0, 2000, 2000]],
  ['sliding window', { requests: 1, perMs: 1000 }, [500, 600, 1200, 1999, 2000], [500, 2000]],
])('%s of %j, asked at %j', (algorithm, { requests, perMs, burst }, moments, expected) => {
  test(`lets ${JSON.stringify(expected)} through`, () => {
    expect(allowed(counter(algorithm, requests, perMs, burst), moments)).toEqual(expected);
  });
});

describe.each<Algorithm>(['token bucket', 'sliding window'])('%s', (algorithm) => {
  test('after as long as it says there is one left, and not before', () => {
    const of = counter(algorithm, 7, 1000);
    for (let now = 350; now < 20_000; now += 13) {
      const wait = of.waitMs(now);
      if (wait === 0) {
        of.take(now, 1);
        continue;
      }
      expect(of.left(now)).toBeLessThan(1);
      expect(waitMsAt(of, now + wait + 1e-6)).toBe(0);
      expect(waitMsAt(of, now + wait * 0.9)).toBeGreaterThan(0);
    }
  });

  test('what was given above the limit is paid off: over time the rate is exact', () => {
    const of = counter(algorithm, 100, 1000);
    of.take(0, 400);
    expect(of.left(0)).toBe(-300);
    let given = 400;
    for (let now = 0; now < 20_000; now += 1) {
      if (of.waitMs(now) > 0) continue;
      of.take(now, 1);
      given += 1;
    }
    expect(given).toBeGreaterThan(1900);
    expect(given).toBeLessThanOrEqual(2100);
  });

  test('another one that takes over its state is as used', () => {
    const of = counter(algorithm, 10, 1000);
    const other = counter(algorithm, 10, 1000);
    of.take(5200, 6);
    other.take(5200, 2);
    other.merge(of.save());
    expect(other.left(5200)).toBeCloseTo(4);
    other.merge(counter(algorithm, 10, 1000).save());
    expect(other.left(5200)).toBeCloseTo(4);
  });

  test('is as if never used when it says so', () => {
    const of = counter(algorithm, 10, 1000);
    expect(of.usedForMs(300)).toBe(0);
    of.take(300, 25);
    const used = of.usedForMs(300);
    expect(used).toBeGreaterThan(0);
    expect(of.usedForMs(300 + used)).toBe(0);
    expect(of.left(300 + used)).toBe(10);
  });
});

/** How long it would be to wait at a later time, without moving it there. */
function waitMsAt(of: Counter, now: number): number {
  const copy = counter(of instanceof TokenBucket ? 'token bucket' : 'sliding window', 7, 1000);
  copy.merge(of.save());
  return copy.waitMs(now);
}
