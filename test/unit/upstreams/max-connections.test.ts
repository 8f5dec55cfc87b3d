import { expect, test } from 'vitest';
import type { UpstreamConfig } from '../../../core/shared/config-types.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { picks, upstreamConfig } from './support.ts';

function upstreamOf(...configs: readonly UpstreamConfig[]): Upstream {
  const upstream = new UpstreamRegistry().prepare(configs).get('site');
  if (upstream === undefined) throw new Error('no upstream site');
  return upstream;
}

/** As the pipeline does: a pick is an exchange that stays. */
function fill(upstream: Upstream, times: number): string[] {
  return picks(() => {
    const backend = upstream.pick();
    if (backend !== undefined) backend.runtime.inFlight += 1;
    return backend;
  }, times);
}

test.each([
  [1, 1, 1],
  [4, 2, 2],
  [5, 2, 3],
  [1, 8, 1],
])('of %d places at a backend each of %d workers has %d', (maxConnections, workers, share) => {
  const upstream = upstreamOf({ ...upstreamConfig('site', [1]), maxConnections, workers });
  expect(fill(upstream, share + 1)).toEqual([...Array.from({ length: share }, () => 'b0'), '-']);
  expect(upstream.hasRoom()).toBe(false);
});

test('a backend has places of its own, or those of its upstream; full ones are passed over', () => {
  const config = upstreamConfig('site', [1, 1, 1]);
  const [first, ...others] = config.backends;
  if (first === undefined) throw new Error('three backends');
  const backends = [{ ...first, maxConnections: 3 }, ...others];
  const upstream = upstreamOf({ ...config, backends, maxConnections: 1 });
  expect(fill(upstream, 6)).toEqual(['b0', 'b1', 'b2', 'b0', 'b0', '-']);
});

test('an upstream within another is full when all its backends are', () => {
  const nested = [{ upstream: 'inner', weight: 1, state: 'ready', priority: 0 } as const];
  const upstream = upstreamOf(
    { ...upstreamConfig('site', [1]), maxConnections: 1, nested },
    { ...upstreamConfig('inner', [1, 1]), maxConnections: 1 },
  );
  expect(fill(upstream, 4)).toEqual(['b0', 'b0', 'b1', '-']);
  expect([upstream.hasRoom(), upstream.isLimited]).toEqual([false, true]);
});

test('without a limit there is always room', () => {
  const upstream = upstreamOf(upstreamConfig('site', [1]));
  expect(new Set(fill(upstream, 1000))).toEqual(new Set(['b0']));
  expect([upstream.hasRoom(), upstream.isLimited]).toEqual([true, false]);
});
