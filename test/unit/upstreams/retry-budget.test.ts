import { expect, test } from 'vitest';
import { RetryBudget } from '../../../core/upstreams/retry-budget.ts';

/** How many of `wanted` retries at `nowMs` there is room for. */
function taken(
  budget: RetryBudget,
  settings: { share: number; minPerSecond: number } | null,
  wanted: number,
  nowMs: number,
): number {
  let count = 0;
  for (let i = 0; i < wanted; i++) if (budget.take(settings, nowMs)) count += 1;
  return count;
}

function after(requests: number, nowMs: number, budget = new RetryBudget()): RetryBudget {
  for (let i = 0; i < requests; i++) budget.countRequest(nowMs);
  return budget;
}

test.each([
  [0, { share: 0.2, minPerSecond: 0 }, 0],
  [4, { share: 0.2, minPerSecond: 0 }, 0],
  [5, { share: 0.2, minPerSecond: 0 }, 1],
  [1000, { share: 0.2, minPerSecond: 0 }, 200],
  [1000, { share: 0, minPerSecond: 0 }, 0],
  [1000, { share: 1, minPerSecond: 0 }, 1000],
  [0, { share: 0.2, minPerSecond: 10 }, 10],
  // the larger of the two, not their sum
  [20, { share: 0.2, minPerSecond: 10 }, 10],
  [1000, { share: 0.2, minPerSecond: 10 }, 200],
  [0, null, 5000],
])('%i requests, %j: room for %i', (requests, settings, expected) => {
  const budget = after(requests, 5000);
  expect(taken(budget, settings, 5000, 5000)).toBe(expected);
  expect([budget.retries, budget.refused]).toEqual([expected, 5000 - expected]);
});

test('the share is that of ten seconds: what is older counts no more, retries neither', () => {
  const settings = { share: 0.2, minPerSecond: 0 };
  const budget = after(100, 1000);
  expect(taken(budget, settings, 15, 1500)).toBe(15);
  expect(taken(budget, settings, 100, 10_900)).toBe(5);
  expect(taken(budget, settings, 100, 11_000)).toBe(0);
  after(50, 11_000, budget);
  // those taken at 10.9 s still count
  expect(taken(budget, settings, 100, 11_000)).toBe(5);
  after(50, 60_000, budget);
  expect(taken(budget, settings, 100, 60_000)).toBe(10);
});

test('the minimum is there anew each second', () => {
  const settings = { share: 0, minPerSecond: 3 };
  const budget = new RetryBudget();
  for (let second = 0; second < 30; second++) expect(taken(budget, settings, 10, second * 1000)).toBe(3);
});
