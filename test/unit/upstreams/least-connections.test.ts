import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../core/upstreams/backend.ts';
import { LeastConnections } from '../../../core/upstreams/schedulers/least-connections.ts';
import { backendsOf, chiSquared, countOf, picks, seededRandom } from './support.ts';

/** The 0.999 quantile of chi-squared with two degrees of freedom. */
const CRITICAL_2 = 13.82;

describe('least-connections', () => {
  test('takes the backend with the fewest exchanges for its weight', () => {
    const [light, heavy] = backendsOf(1, 4);
    if (light === undefined || heavy === undefined) throw new Error('unreachable');
    const scheduler = new LeastConnections();
    light.runtime.inFlight = 1;
    heavy.runtime.inFlight = 3;
    expect(scheduler.pick([light, heavy])).toBe(heavy);
    heavy.runtime.inFlight = 5;
    expect(scheduler.pick([light, heavy])).toBe(light);
  });

  test('equal ones take turns', () => {
    const backends = backendsOf(1, 1, 1);
    const scheduler = new LeastConnections();
    expect(picks(() => scheduler.pick(backends), 6)).toEqual(['b0', 'b1', 'b2', 'b0', 'b1', 'b2']);
  });

  test('on an idle proxy equal ones take turns in proportion to their weights', () => {
    const backends = backendsOf(3, 1);
    const scheduler = new LeastConnections();
    expect(countOf(picks(() => scheduler.pick(backends), 400))).toEqual({ b0: 300, b1: 100 });
  });

  test('a backend that was busy does not get a run of requests when it is free again', () => {
    const backends = backendsOf(1, 1, 1);
    const [busy] = backends;
    if (busy === undefined) throw new Error('unreachable');
    const scheduler = new LeastConnections();
    busy.runtime.inFlight = 10;
    expect(countOf(picks(() => scheduler.pick(backends), 100))['b0']).toBeUndefined();
    busy.runtime.inFlight = 0;
    expect(countOf(picks(() => scheduler.pick(backends), 9))['b0']).toBeLessThanOrEqual(4);
  });

  test('under load the exchanges under way follow the weights', () => {
    const weights = [1, 2, 5];
    const backends = backendsOf(...weights);
    const scheduler = new LeastConnections();
    const random = seededRandom(7);
    const running: Backend[] = [];
    const held = new Map(backends.map((backend) => [backend, 0]));
    for (let step = 0; step < 5000; step++) {
      if (running.length >= 80) {
        const [ended] = running.splice(Math.floor(random() * running.length), 1);
        if (ended !== undefined) ended.runtime.inFlight--;
      }
      const picked = scheduler.pick(backends);
      if (picked === undefined) throw new Error('nothing was picked');
      picked.runtime.inFlight++;
      running.push(picked);
      held.set(picked, (held.get(picked) ?? 0) + 1);
    }
    expect(backends.map((backend) => backend.runtime.inFlight)).toEqual([10, 20, 50]);
    expect(chiSquared([...held.values()], weights)).toBeLessThan(CRITICAL_2);
  });

  test('leaves out weight 0', () => {
    expect(new LeastConnections().pick(backendsOf(0, 1))?.addressText).toBe('b1');
    expect(new LeastConnections().pick(backendsOf(0))).toBeUndefined();
  });
});
