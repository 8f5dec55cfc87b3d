import { describe, expect, test } from 'vitest';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { picks, upstreamConfig } from './support.ts';

function upstreamOf(...weights: readonly number[]): Upstream {
  const upstream = new UpstreamRegistry().prepare([upstreamConfig('test', weights)]).get('test');
  if (upstream === undefined) throw new Error('the upstream was not prepared');
  return upstream;
}

describe('upstream', () => {
  test('its candidates are the backends that take requests, as one array until that changes', () => {
    const upstream = upstreamOf(1, 0, 1);
    const before = upstream.candidates();
    expect(before.map((backend) => backend.addressText)).toEqual(['b0', 'b2']);
    expect(upstream.candidates()).toBe(before);

    const [first] = upstream.backends;
    if (first === undefined) throw new Error('unreachable');
    first.runtime.health = 'down';
    expect(upstream.candidates().map((backend) => backend.addressText)).toEqual(['b2']);
    first.runtime.health = 'up';
    expect(upstream.candidates().map((backend) => backend.addressText)).toEqual(['b0', 'b2']);
  });

  test('picks an untried backend, and nothing when all were tried', () => {
    const upstream = upstreamOf(1, 1);
    const first = upstream.pick();
    const second = upstream.pick(first && [first]);
    expect(second).not.toBe(first);
    expect(upstream.pick([...upstream.backends])).toBeUndefined();
  });

  test('picks nothing where no backend takes requests', () => {
    expect(picks(() => upstreamOf(0, 0).pick(), 1)).toEqual(['-']);
  });
});
