import { describe, expect, test } from 'vitest';
import type { BackendRuntime } from '../../../core/upstreams/backend.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { upstreamConfig } from './support.ts';

function runtime(upstreams: ReadonlyMap<string, Upstream>, name: string, address: string): BackendRuntime {
  const found = upstreams.get(name)?.backends.find((backend) => backend.addressText === address);
  if (found === undefined) throw new Error(`no ${address} in ${name}`);
  return found.runtime;
}

describe('upstream registry', () => {
  test('a backend keeps its runtime over a reload that keeps its upstream and address', () => {
    const registry = new UpstreamRegistry();
    const first = registry.prepare([upstreamConfig('site', [1, 1])]);
    registry.commit(first);
    runtime(first, 'site', 'b0').inFlight = 3;
    runtime(first, 'site', 'b0').health = 'down';

    const second = registry.prepare([upstreamConfig('site', [7], 'random')]);
    expect(runtime(second, 'site', 'b0')).toBe(runtime(first, 'site', 'b0'));
    expect(second.get('site')?.backends[0]?.weight).toBe(7);
    expect(second.get('site')?.candidates()).toEqual([]);
  });

  test('the same address in another upstream is another backend', () => {
    const upstreams = new UpstreamRegistry().prepare([upstreamConfig('a', [1]), upstreamConfig('b', [1])]);
    expect(runtime(upstreams, 'a', 'b0')).not.toBe(runtime(upstreams, 'b', 'b0'));
  });

  test('commit tells which runtimes are no longer used', () => {
    const registry = new UpstreamRegistry();
    const first = registry.prepare([upstreamConfig('a', [1, 1]), upstreamConfig('b', [1])]);
    expect(registry.commit(first)).toEqual([]);
    const unused = registry.commit(registry.prepare([upstreamConfig('a', [1])]));
    expect(unused).toHaveLength(2);
    expect(unused).toContain(runtime(first, 'a', 'b1'));
    expect(unused).toContain(runtime(first, 'b', 'b0'));
  });

  test('what was prepared and not committed leaves no trace', () => {
    const registry = new UpstreamRegistry();
    const live = registry.prepare([upstreamConfig('a', [1])]);
    registry.commit(live);
    registry.prepare([upstreamConfig('other', [1, 1])]);
    expect(runtime(registry.prepare([upstreamConfig('a', [1])]), 'a', 'b0')).toBe(runtime(live, 'a', 'b0'));
    expect(registry.commit(live)).toEqual([]);
  });
});
