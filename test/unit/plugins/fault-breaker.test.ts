import { expect, test } from 'vitest';
import { FaultBreaker } from '../../../plugins/fault-breaker.ts';

const config = { faults: 3, windowMs: 1000, restMs: 5000 };

test('so many faults within the window break it off, for so long', () => {
  const breaker = new FaultBreaker(config);
  expect([0, 400, 900].map((at) => breaker.fault(at))).toEqual([false, false, true]);
  expect([901, 5899, 5900].map((at) => breaker.isOpen(at))).toEqual([true, true, false]);
});

test('faults that are further apart do not', () => {
  const breaker = new FaultBreaker(config);
  expect([0, 500, 1000, 1500, 2000].map((at) => breaker.fault(at))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});

test('after its rest it has a clean record', () => {
  const breaker = new FaultBreaker(config);
  for (const at of [0, 1, 2]) breaker.fault(at);
  // Of exchanges that began before it was broken off.
  expect(breaker.fault(3)).toBe(false);
  expect(breaker.fault(5100)).toBe(false);
  expect(breaker.isOpen(5100)).toBe(false);
});

test('without a config nothing does', () => {
  const breaker = new FaultBreaker(null);
  for (let at = 0; at < 100; at++) breaker.fault(at);
  expect(breaker.isOpen(100)).toBe(false);
});
