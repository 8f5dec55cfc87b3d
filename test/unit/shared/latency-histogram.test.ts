import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { addCounts, LatencyHistogram, percentile } from '../../../core/shared/latency-histogram.ts';

function recorded(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('latency histogram', () => {
  test('percentiles are off by no more than 10 %', () => {
    const latency = fc.double({ min: 0.05, max: 100_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 50 }),
        fc.constantFrom(0, 0.5, 0.9, 0.99, 1),
        (values, q) => {
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
          const read = percentile(recorded(values).counts, q);
          expect(Math.abs(read - exact) / exact).toBeLessThan(0.1);
        },
      ),
    );
  });

  test('adding up counts is recording everything in one', () => {
    const a = recorded([0.1, 5, 5000]);
    const b = recorded([5, 80]);
    expect(addCounts(a.counts, b.counts)).toEqual(recorded([0.1, 5, 5000, 5, 80]).counts);
  });

  test('values beyond its range count at its ends', () => {
    expect(percentile(recorded([0, -1, Number.NaN]).counts, 1)).toBe(0.05);
    expect(percentile(recorded([1e9, Infinity]).counts, 0)).toBe(100_000);
    expect(recorded([1e9]).counts).toHaveLength(new LatencyHistogram().counts.length);
  });

  test('is 0 where nothing was recorded', () => {
    expect(percentile(new LatencyHistogram().counts, 0.5)).toBe(0);
  });
});
