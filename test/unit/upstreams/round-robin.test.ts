import { describe, expect, test } from 'vitest';
import { RoundRobin } from '../../../core/upstreams/schedulers/round-robin.ts';
import { backendsOf, countOf, picks } from './support.ts';

describe('round-robin', () => {
  test('takes every backend in turn, whatever its weight', () => {
    const backends = backendsOf(1, 50, 3);
    const scheduler = new RoundRobin();
    expect(picks(() => scheduler.pick(backends), 7)).toEqual(['b0', 'b1', 'b2', 'b0', 'b1', 'b2', 'b0']);
  });

  test('leaves out weight 0, and picks nothing where there is nothing else', () => {
    const scheduler = new RoundRobin();
    expect(countOf(picks(() => scheduler.pick(backendsOf(0, 1)), 4))).toEqual({ b1: 4 });
    expect(scheduler.pick(backendsOf(0, 0))).toBeUndefined();
    expect(scheduler.pick([])).toBeUndefined();
  });

  test('is fair to the others when each request to one backend is retried on the rest', () => {
    const backends = backendsOf(1, 1, 1);
    const [failing] = backends;
    const scheduler = new RoundRobin();
    const served = picks(() => {
      const first = scheduler.pick(backends);
      return first === failing ? scheduler.pick(backends.filter((backend) => backend !== failing)) : first;
    }, 100);
    expect(countOf(served)).toEqual({ b1: 50, b2: 50 });
  });
});
