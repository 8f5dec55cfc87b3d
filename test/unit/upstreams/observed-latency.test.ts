import { describe, expect, test } from 'vitest';
import { ObservedLatency } from '../../../core/upstreams/observed-latency.ts';

/** An answer of `ms` every 10 ms, from `from` for `seconds`. */
function feed(observed: ObservedLatency, ms: number, from: number, seconds: number): number {
  const until = from + seconds * 1000;
  for (let now = from; now <= until; now += 10) observed.record(ms, now);
  return until;
}

describe('observed latency', () => {
  test('nothing is known at first', () => {
    const observed = new ObservedLatency();
    expect([observed.peak(1000), observed.mean(1000), observed.trend(1000)]).toEqual([0, 0, 1]);
  });

  test('the mean follows in ten seconds, the peak at once', () => {
    const observed = new ObservedLatency();
    const now = feed(observed, 10, 1000, 5);
    expect(observed.mean(now)).toBeCloseTo(10);
    observed.record(500, now + 1);
    expect(observed.peak(now + 1)).toBe(500);
    expect(observed.mean(now + 1)).toBeLessThan(11);
    const later = feed(observed, 10, now + 2, 30);
    expect(observed.peak(later)).toBeLessThan(40);
    expect(observed.peak(later)).toBeGreaterThan(10);
  });

  test('the trend shows that it gets slower before the mean does', () => {
    const observed = new ObservedLatency();
    const now = feed(observed, 10, 1000, 20);
    expect(observed.trend(now)).toBeCloseTo(1);
    const slower = feed(observed, 50, now, 1);
    expect(observed.trend(slower)).toBeGreaterThan(2);
    expect(observed.mean(slower)).toBeLessThan(15);
    const settled = feed(observed, 50, slower, 60);
    expect(observed.trend(settled)).toBeCloseTo(1);
    expect(observed.trend(feed(observed, 10, settled, 1))).toBeLessThan(0.6);
  });

  test('what was slow and is not asked any more gets another chance', () => {
    const observed = new ObservedLatency();
    observed.record(1000, 1000);
    expect(observed.mean(1000)).toBe(1000);
    expect(observed.mean(61_000)).toBeLessThan(3);
    expect(observed.peak(61_000)).toBeLessThan(3);
    expect(observed.trend(61_000)).toBeCloseTo(1);
  });

  test('fast errors do not look like speed', () => {
    const observed = new ObservedLatency();
    const now = feed(observed, 100, 1000, 20);
    let after = now;
    for (; after < now + 20_000; after += 10) observed.recordError(1, after);
    expect(observed.mean(after)).toBeGreaterThan(90);
    observed.countErrors(1, after);
    expect(observed.mean(after)).toBe(1000);
    observed.countErrors(1, after + 60_000);
    expect(observed.mean(after + 60_000)).toBeLessThan(3);
  });

  test('a clock that stands still or jumps back harms nothing', () => {
    const observed = new ObservedLatency();
    for (const now of [1000, 1000, 500, 2000]) observed.record(10, now);
    expect(observed.mean(2000)).toBeCloseTo(10);
    expect(observed.peak(0)).toBeCloseTo(10);
  });
});
