import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TicketKeys } from '../../../core/primary/ticket-keys.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a key for each interval, of 48 bytes, replaced when its time is over and kept for another interval', () => {
  let rotations = 0;
  const keys = new TicketKeys(() => (rotations += 1));
  keys.use(new Set([1000, 5000]));
  const first = keys.current();
  expect(Object.values(first).map((each) => each.map((key) => Buffer.from(key, 'base64').length))).toEqual([
    [48],
    [48],
  ]);
  vi.advanceTimersByTime(1000);
  const second = keys.current();
  expect(second[1000]?.[0]).not.toBe(first[1000]?.[0]);
  expect(second[1000]?.slice(1)).toEqual(first[1000]);
  expect(second[5000]).toEqual(first[5000]);
  expect(rotations).toBe(1);
  vi.advanceTimersByTime(1000);
  expect(keys.current()[1000]).toEqual([expect.any(String), second[1000]?.[0]]);
  expect(keys.current()[1000]?.[0]).not.toBe(second[1000]?.[0]);
  keys.close();
});

test('a reload that keeps an interval keeps its key, and its time', () => {
  const keys = new TicketKeys(() => {});
  keys.use(new Set([1000]));
  const first = keys.current()[1000];
  vi.advanceTimersByTime(900);
  keys.use(new Set([1000, 2000]));
  expect(keys.current()[1000]).toEqual(first);
  vi.advanceTimersByTime(100);
  expect(keys.current()[1000]?.[0]).not.toBe(first?.[0]);
  keys.use(new Set([2000]));
  expect(Object.keys(keys.current())).toEqual(['2000']);
  keys.close();
});
