import { expect, test } from 'vitest';
import { FloodGuard } from '../../../core/http2/flood-guard.ts';

function exceeds(times: readonly number[], limit: number): boolean {
  const guard = new FloodGuard();
  return times.map((time) => guard.exceeds('pings', limit, time)).includes(true);
}

test('as many as allowed pass, one more does not', () => {
  expect(exceeds([0, 1, 2, 3, 4], 5)).toBe(false);
  expect(exceeds([0, 1, 2, 3, 4, 5], 5)).toBe(true);
});

test('a burst around the turn of a second is one burst', () => {
  expect(exceeds([990, 992, 994, 996, 998, 1000, 1001], 5)).toBe(true);
});

test('what is more than a second ago is forgotten', () => {
  expect(exceeds([0, 1, 2, 3, 4, 2000, 2001, 2002, 2003, 2004], 5)).toBe(false);
});

test('kinds are counted each by itself', () => {
  const guard = new FloodGuard();
  expect(guard.exceeds('pings', 1, 0)).toBe(false);
  expect(guard.exceeds('settings', 1, 0)).toBe(false);
});
