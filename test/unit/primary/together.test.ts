import { expect, test } from 'vitest';
import { together } from '../../../core/primary/health/together.ts';

const due = Array.from({ length: 10_000 }, (_, index) => 1_000_000 + index * 0.5);

test.each([
  [100, 5],
  [999, 5],
  [1000, 10],
  [2000, 20],
  [5000, 40],
  [3_600_000, 40],
])('checks every %d ms begin every %d ms', (waitMs, tick) => {
  const begun = due.map((dueMs) => together(dueMs, waitMs));
  expect(new Set(begun).size).toBe(5000 / tick + 1);
  // As often early as late, so that intervals keep their length.
  const shifts = begun.map((ms, index) => ms - (due[index] ?? 0));
  expect(Math.max(...shifts.map(Math.abs))).toBeLessThanOrEqual(tick / 2);
  expect(Math.abs(shifts.reduce((sum, shift) => sum + shift, 0) / shifts.length)).toBeLessThan(0.5);
});

test('those of any intervals meet', () => {
  const long = new Set(due.map((dueMs) => together(dueMs, 5000)));
  const short = new Set(due.map((dueMs) => together(dueMs, 500)));
  expect([...long].every((ms) => short.has(ms))).toBe(true);
});
