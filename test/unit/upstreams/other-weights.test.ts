import { expect, test } from 'vitest';
import type { SchedulerName } from '../../../core/shared/config-types.ts';
import type { Backend } from '../../../core/upstreams/backend.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import { countOf, picks, upstreamConfig } from './support.ts';

/** Shares of 12 picks after weights were changed in the middle of a round; by a reload, or for the same backends. */
function afterwards(
  scheduler: SchedulerName,
  before: readonly number[],
  after: readonly number[],
  by: 'command' | 'reload',
): Record<string, number> {
  const registry = new UpstreamRegistry();
  const of = (weights: readonly number[]) => {
    const prepared = registry.prepare([upstreamConfig('site', weights, scheduler)]);
    registry.commit(prepared);
    const upstream = prepared.get('site');
    if (upstream === undefined) throw new Error('it was prepared');
    return upstream;
  };
  let upstream = of(before);
  picks(() => upstream.pick(), 1);
  if (by === 'reload') upstream = of(after);
  else
    for (const [i, backend] of upstream.backends.entries())
      backend.setTerms({ state: 'ready', priority: 0, weight: after[i] ?? 0 });
  return countOf(picks(() => upstream.pick(), 12));
}

test.each(
  (['weighted', 'weighted-round-robin', 'least-connections', 'dynamic-ratio'] as const).flatMap((scheduler) =>
    (['command', 'reload'] as const).flatMap((by) => [
      { scheduler, by, before: [1000, 1000, 1000], after: [1, 1, 1] },
      { scheduler, by, before: [1, 1, 1], after: [4, 4, 4] },
    ]),
  ),
)('$scheduler: weights $after after $before by $by hold from then on', ({ scheduler, by, before, after }) => {
  const counts = afterwards(scheduler, before, after, by);
  for (const name of ['b0', 'b1', 'b2']) expect([3, 4, 5]).toContain(counts[name]);
});

test('dynamic-ratio: reports that become small hold from then on', () => {
  const registry = new UpstreamRegistry();
  const upstream = registry.prepare([upstreamConfig('site', [1, 1, 1], 'dynamic-ratio')]).get('site');
  const report = (weight: number): void => {
    for (const { runtime } of upstream?.backends ?? []) runtime.reportedWeight = weight;
  };
  report(60_000);
  const pick = (): Backend | undefined => upstream?.pick();
  picks(pick, 1);
  report(2);
  const counts = countOf(picks(pick, 12));
  for (const name of ['b0', 'b1', 'b2']) expect([3, 4, 5]).toContain(counts[name]);
});
