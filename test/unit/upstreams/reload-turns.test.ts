import { describe, expect, test } from 'vitest';
import type { SchedulerName } from '../../../core/shared/config-types.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { countOf, picks, schedulerConfig, upstreamConfig } from './support.ts';

function reload(registry: UpstreamRegistry, scheduler: SchedulerName, weights: readonly number[]): Upstream {
  const key = scheduler === 'consistent-hash' || scheduler === 'key-modulo' ? 'header(x)' : null;
  const config = { ...upstreamConfig('site', weights), scheduler: schedulerConfig(scheduler, { key }) };
  const upstreams = registry.prepare([config]);
  registry.commit(upstreams);
  const upstream = upstreams.get('site');
  if (upstream === undefined) throw new Error('the upstream was not prepared');
  return upstream;
}

describe.each<[SchedulerName, readonly number[]]>([
  ['round-robin', [1, 1, 1, 1]],
  ['weighted', [2, 1, 1]],
  ['weighted-round-robin', [2, 1, 1]],
  ['least-connections', [2, 1, 1]],
  ['dynamic-ratio', [2, 1, 1]],
  ['consistent-hash', [2, 1, 1]],
  ['key-modulo', [2, 1, 1]],
])('%s', (scheduler, weights) => {
  test('with a reload at each request, the turns go on', () => {
    const registry = new UpstreamRegistry();
    const expected = Object.fromEntries(weights.map((weight, i) => [`b${i}`, weight * 5]));
    expect(countOf(picks(() => reload(registry, scheduler, weights).pick(), 20))).toEqual(expected);
  });

  test('a backend that joins gets its turns, and no more', () => {
    const registry = new UpstreamRegistry();
    const before = reload(registry, scheduler, weights);
    picks(() => before.pick(), 100);
    const joined = [...weights, 1];
    const after = reload(registry, scheduler, joined);
    const total = joined.reduce((sum, weight) => sum + weight, 0);
    const counts = countOf(picks(() => after.pick(), total * 4));
    for (const [i, weight] of joined.entries())
      expect(Math.abs((counts[`b${i}`] ?? 0) - weight * 4)).toBeLessThanOrEqual(1);
  });
});

test('a reload that is given up leaves the turns alone', () => {
  const registry = new UpstreamRegistry();
  const live = reload(registry, 'round-robin', [1, 1, 1]);
  live.pick();
  const prepared = registry.prepare([upstreamConfig('site', [1, 1, 1, 1])]);
  expect(prepared.get('site')?.backends).toHaveLength(4);
  expect(picks(() => live.pick(), 3)).toEqual(['b1', 'b2', 'b0']);
});

test('what a backend has shown of its latency and reported of its weight outlives a reload', () => {
  const registry = new UpstreamRegistry();
  const before = reload(registry, 'observed', [1, 1]);
  before.backends[0]?.runtime.recordAnswer(200, 0, 100);
  const after = reload(registry, 'observed', [1, 1]);
  expect(after.backends[0]).not.toBe(before.backends[0]);
  expect(after.backends[0]?.runtime.observed.mean(100)).toBe(100);
});
