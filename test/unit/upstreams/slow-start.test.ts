import { expect, test } from 'vitest';
import { AddressBackend, BackendRuntime } from '../../../core/upstreams/backend.ts';
import { Upstream } from '../../../core/upstreams/upstream.ts';
import { countOf, picks, upstreamConfig } from './support.ts';

/** b0 and b1 with weight 100; `isNew`: b1 joins others that carry traffic. */
function setUp(isNew: boolean, slowStartMs: number | null = 10_000) {
  const config = { ...upstreamConfig('test', [100, 100], 'weighted-round-robin'), slowStartMs };
  const clock = { ms: 1_000_000 };
  const runtimes = [new BackendRuntime(), new BackendRuntime(isNew)];
  const backends = config.backends.map(
    (row, i) => new AddressBackend(row, config, runtimes[i] ?? new BackendRuntime()),
  );
  const upstream = new Upstream(config, backends, () => clock.ms);
  const weights = (): number[] => {
    upstream.candidates();
    return backends.map(({ weight }) => Math.round(weight));
  };
  return { upstream, backends, clock, weights };
}

test('at the start of the process all have their full weight', () => {
  expect(setUp(false).weights()).toEqual([100, 100]);
});

test('a backend that joins grows from a tenth to its weight, in proportion to the time', () => {
  const { clock, weights, backends } = setUp(true);
  expect(weights()).toEqual([100, 10]);
  clock.ms += 2500;
  expect(weights()).toEqual([100, 25]);
  clock.ms += 7500;
  expect(weights()).toEqual([100, 100]);
  expect(backends.map(({ configuredWeight }) => configuredWeight)).toEqual([100, 100]);
});

test('the traffic follows', () => {
  const { upstream, clock } = setUp(true);
  upstream.candidates();
  clock.ms += 2500;
  expect(countOf(picks(() => upstream.pick(), 125))).toEqual({ b0: 100, b1: 25 });
});

test.each<[string, (backend: AddressBackend) => void, (backend: AddressBackend) => void]>([
  ['down', ({ runtime }) => (runtime.health = 'down'), ({ runtime }) => (runtime.health = 'up')],
  ['ejected', ({ runtime }) => (runtime.ejected = true), ({ runtime }) => (runtime.ejected = false)],
  [
    'in maintenance',
    (backend) => backend.setTerms({ weight: 100, state: 'maintenance', priority: 0 }),
    (backend) => backend.setTerms({ weight: 100, state: 'ready', priority: 0 }),
  ],
  [
    'without weight',
    (backend) => backend.setTerms({ weight: 0, state: 'ready', priority: 0 }),
    (backend) => backend.setTerms({ weight: 100, state: 'ready', priority: 0 }),
  ],
])('one that was %s starts slowly, also when nobody asked for a backend meanwhile', (_, leave, comeBack) => {
  const { backends, clock, weights } = setUp(false);
  expect(weights()).toEqual([100, 100]);
  const [, second] = backends;
  if (second === undefined) throw new Error('unreachable');
  leave(second);
  clock.ms += 60_000;
  comeBack(second);
  expect(weights()).toEqual([100, 10]);
  clock.ms += 10_000;
  expect(weights()).toEqual([100, 100]);
});

test('the array of candidates changes with the weights, and only then', () => {
  const { upstream, clock } = setUp(true);
  const before = upstream.candidates();
  clock.ms += 100;
  expect(upstream.candidates()).toBe(before);
  clock.ms += 100;
  expect(upstream.candidates()).not.toBe(before);
  clock.ms += 10_000;
  const full = upstream.candidates();
  clock.ms += 1_000_000;
  expect(upstream.candidates()).toBe(full);
});

test('without slowStart a backend that joins has its weight at once', () => {
  expect(setUp(true, null).weights()).toEqual([100, 100]);
});
