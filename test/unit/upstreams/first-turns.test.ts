import { expect, test } from 'vitest';
import type { SchedulerName } from '../../../core/shared/config-types.ts';
import { AddressBackend, BackendRuntime } from '../../../core/upstreams/backend.ts';
import { Upstream } from '../../../core/upstreams/upstream.ts';
import { chiSquared, countOf, CRITICAL, seededRandom, upstreamConfig } from './support.ts';

const BACKENDS = ['b0', 'b1', 'b2', 'b3'];

/** Whom the first request of each of so many workers goes to. */
function firsts(scheduler: SchedulerName, weights: readonly number[], workers: number, starts = 1): string[] {
  const random = seededRandom(7);
  const config = { ...upstreamConfig('site', weights, scheduler), workers };
  return Array.from({ length: workers * starts }, () => {
    const backends = config.backends.map((row) => new AddressBackend(row, config, new BackendRuntime()));
    return new Upstream(config, backends, () => 0, random).pick()?.addressText ?? '-';
  });
}

test.each<[SchedulerName, readonly number[]]>([
  ['round-robin', [1, 1, 1, 1]],
  ['round-robin', [9, 1, 1, 1]],
  ['weighted', [5, 1, 1, 2]],
  ['weighted-round-robin', [5, 1, 1, 2]],
  ['least-connections', [1, 1, 1, 1]],
  ['observed', [1, 1, 1, 1]],
])('%s: the first requests of many workers are spread as all others are', (scheduler, weights) => {
  const counts = countOf(firsts(scheduler, weights, 8, 100));
  const shares = scheduler === 'round-robin' ? [1, 1, 1, 1] : weights;
  const observed = BACKENDS.map((name) => counts[name] ?? 0);
  expect(chiSquared(observed, shares)).toBeLessThan(CRITICAL[3] ?? 0);
});

test('a single worker begins with the first backend', () => {
  expect(new Set(firsts('round-robin', [1, 1, 1, 1], 1, 10))).toEqual(new Set(['b0']));
});
