import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../core/upstreams/backend.ts';
import { Fastest } from '../../../core/upstreams/schedulers/fastest.ts';
import type { Clock } from '../../../core/upstreams/schedulers/latency-cost.ts';
import { Observed } from '../../../core/upstreams/schedulers/observed.ts';
import { Predictive } from '../../../core/upstreams/schedulers/predictive.ts';
import type { Scheduler } from '../../../core/upstreams/schedulers/scheduler.ts';
import { backendsOf, picks, seededRandom } from './support.ts';

/** Backends with these latencies, serving one request every `everyMs`; what each got of 5,000. */
function simulate(
  scheduler: Scheduler,
  clock: { now: number },
  backends: readonly Backend[],
  latencies: readonly number[],
  everyMs: number,
): number[] {
  const counts = backends.map(() => 0);
  let underWay: { readonly backend: Backend; readonly ms: number; readonly endMs: number }[] = [];
  for (let i = 0; i < 5000; i++) {
    clock.now += everyMs;
    for (const { backend, ms, endMs } of underWay) {
      if (endMs > clock.now) continue;
      backend.runtime.inFlight -= 1;
      backend.runtime.recordAnswer(200, endMs - ms, endMs);
    }
    underWay = underWay.filter(({ endMs }) => endMs > clock.now);
    const backend = scheduler.pick(backends);
    if (backend === undefined) throw new Error('nothing picked');
    const index = backends.indexOf(backend);
    counts[index] = (counts[index] ?? 0) + 1;
    backend.runtime.inFlight += 1;
    const ms = latencies[index] ?? 0;
    underWay.push({ backend, ms, endMs: clock.now + ms });
  }
  return counts;
}

const kinds: [name: string, create: (clock: Clock) => Scheduler][] = [
  ['fastest', (clock) => new Fastest(seededRandom(1), clock)],
  ['observed', (clock) => new Observed(clock)],
  ['predictive', (clock) => new Predictive(clock)],
];

describe.each(kinds)('%s', (_, create) => {
  test('the faster a backend, the more it gets; the slow one is not forgotten', () => {
    const clock = { now: 1000 };
    const backends = backendsOf(1, 1, 1);
    const counts = simulate(
      create(() => clock.now),
      clock,
      backends,
      [10, 20, 200],
      5,
    );
    expect(counts[0]).toBeGreaterThan(1.3 * (counts[1] ?? 0));
    expect(counts[1]).toBeGreaterThan(2 * (counts[2] ?? 0));
    expect(counts[2]).toBeGreaterThan(0);
  });

  test('a backend that gets slow loses its requests, and has them back once it is fast again', () => {
    const clock = { now: 1000 };
    const backends = backendsOf(1, 1);
    const scheduler = create(() => clock.now);
    const even = simulate(scheduler, clock, backends, [20, 20], 5);
    expect(Math.abs((even[0] ?? 0) - (even[1] ?? 0))).toBeLessThan(500);
    expect(simulate(scheduler, clock, backends, [400, 20], 5)[0]).toBeLessThan(500);
    simulate(scheduler, clock, backends, [20, 20], 5);
    simulate(scheduler, clock, backends, [20, 20], 5);
    expect(simulate(scheduler, clock, backends, [20, 20], 5)[0]).toBeGreaterThan(1500);
  });

  test('a backend that fails fast does not attract requests', () => {
    const clock = { now: 1000 };
    const backends = backendsOf(1, 1);
    const [failing] = backends;
    const scheduler = create(() => clock.now);
    simulate(scheduler, clock, backends, [20, 20], 5);
    let picked = 0;
    for (let i = 0; i < 1000; i++) {
      clock.now += 5;
      const backend = scheduler.pick(backends);
      if (backend === failing) {
        picked += 1;
        backend?.runtime.recordAnswer(200, 0, 0);
      } else backend?.runtime.recordAnswer(200, clock.now - 20, clock.now);
      if (backend === failing && backend !== undefined) backend.runtime.errors += 1;
    }
    expect(picked).toBeLessThan(10);
  });

  test('of a backend that is not known yet one answer is awaited before it gets more', () => {
    const clock = { now: 1000 };
    const backends = backendsOf(1, 1, 1);
    const [known, ...others] = backends;
    known?.runtime.recordAnswer(200, 990, 1000);
    const scheduler = create(() => clock.now);
    for (const other of others) other.runtime.inFlight = 1;
    expect(picks(() => scheduler.pick(backends), 20)).toContain('b0');
    const [second] = others;
    if (known === undefined || second === undefined) throw new Error('unreachable');
    for (let i = 0; i < 20; i++) expect(scheduler.pick([known, second])).toBe(known);
  });

  test('never picks what was tried, nor weight 0', () => {
    const backends = backendsOf(1, 0, 1);
    const scheduler = create(() => 1000);
    const [first] = backends;
    if (first === undefined) throw new Error('unreachable');
    for (let i = 0; i < 20; i++) expect(scheduler.pick(backends, undefined, [first])).toBe(backends[2]);
    expect(scheduler.pick(backends, undefined, [...backends])).toBeUndefined();
  });
});

test('predictive leaves a backend that gets slower before observed does', () => {
  const leftAfter = (create: (clock: Clock) => Scheduler): number => {
    const clock = { now: 1000 };
    const backends = backendsOf(1, 1);
    const [slowing, steady] = backends;
    const scheduler = create(() => clock.now);
    for (; clock.now < 21_000; clock.now += 10) {
      slowing?.runtime.recordAnswer(200, clock.now - 10, clock.now);
      steady?.runtime.recordAnswer(200, clock.now - 15, clock.now);
    }
    for (let ms = 10; ms < 10_000; ms += 1) {
      clock.now += 20;
      slowing?.runtime.recordAnswer(200, clock.now - ms, clock.now);
      steady?.runtime.recordAnswer(200, clock.now - 15, clock.now);
      if (scheduler.pick(backends) === steady) return clock.now - 21_000;
    }
    return Number.POSITIVE_INFINITY;
  };
  const predictive = leftAfter((clock) => new Predictive(clock));
  expect(predictive).toBeLessThan(0.7 * leftAfter((clock) => new Observed(clock)));
});
