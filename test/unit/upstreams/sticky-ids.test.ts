import { expect, test } from 'vitest';
import type { UpstreamConfig } from '../../../core/shared/config-types.ts';
import { AddressBackend, BackendRuntime } from '../../../core/upstreams/backend.ts';
import { BackendIds } from '../../../core/upstreams/sticky/backend-ids.ts';
import { Places } from '../../../core/upstreams/sticky/places.ts';
import { Upstream } from '../../../core/upstreams/upstream.ts';
import { upstreamConfig } from './support.ts';

const KEY = 'the key of these tests';

const EJECTING = {
  failures: 1,
  errorRatio: 1,
  minRequests: 1,
  windowMs: 1000,
  ejectionMs: 1000,
  maxEjectionMs: 1000,
  maxEjected: 0.5,
};

function upstreamOf(
  weights: readonly number[],
  name = 'site',
  passiveHealth: UpstreamConfig['passiveHealth'] = null,
): Upstream {
  const config = { ...upstreamConfig(name, weights), passiveHealth };
  return new Upstream(
    config,
    config.backends.map((row) => new AddressBackend(row, config, new BackendRuntime())),
  );
}

function idsOf(upstream: Upstream, ...keys: readonly string[]): BackendIds {
  return new BackendIds(new Places(upstream), keys);
}

function allIds(upstream: Upstream, ids: BackendIds): string[] {
  return upstream.backends.map((backend) => ids.of(backend));
}

test('every worker has the same id for a backend, and another one for each upstream, backend and key', () => {
  const site = upstreamOf([1, 1]);
  const all = [
    ...allIds(site, idsOf(site, KEY)),
    ...allIds(site, idsOf(site, 'another key')),
    ...allIds(upstreamOf([1, 1], 'other'), idsOf(upstreamOf([1, 1], 'other'), KEY)),
  ];
  expect(new Set(all).size).toBe(6);
  expect(all.every((id) => /^[\w-]{22}$/.test(id))).toBe(true);
  expect(allIds(upstreamOf([1, 1]), idsOf(upstreamOf([1, 1]), KEY))).toEqual(all.slice(0, 2));
});

test('an id finds its backend, by an older key too, and anything else finds none', () => {
  const site = upstreamOf([1, 1]);
  const [, second] = site.backends;
  if (second === undefined) throw new Error('two backends');
  const before = idsOf(site, 'the key before');
  const now = idsOf(site, KEY, 'the key before');
  expect(now.find(now.of(second))).toBe(second);
  expect(now.find(before.of(second))).toBe(second);
  expect(now.of(second)).toBe(idsOf(site, KEY).of(second));
  expect(before.find(now.of(second))).toBeUndefined();
  for (const forged of ['', 'b1', 'x'.repeat(22), `${now.of(second)}x`, now.of(second).slice(1)])
    expect(now.find(forged)).toBeUndefined();
});

test.each([
  ['ready', 1, 'up', true],
  ['ready', 0, 'up', true],
  ['drain', 1, 'up', true],
  ['drain', 0, 'up', true],
  ['maintenance', 1, 'up', false],
  ['ready', 1, 'down', false],
] as const)(
  'a backend of state %s, weight %d and health %s takes its clients back: %s',
  (state, weight, health, takes) => {
    const site = upstreamOf([1, 1]);
    const [backend] = site.backends;
    if (backend === undefined) throw new Error('two backends');
    const ids = idsOf(site, KEY);
    const id = ids.of(backend);
    backend.setTerms({ state, weight, priority: 0 });
    backend.runtime.health = health;
    expect(ids.find(id)).toBe(takes ? backend : undefined);
  },
);

test('an ejected backend takes nobody back while ejections count', () => {
  const site = upstreamOf([1, 1, 1], 'site', EJECTING);
  const ids = idsOf(site, KEY);
  const [first, second, third] = site.backends;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three backends');
  first.runtime.ejected = true;
  expect(ids.find(ids.of(first))).toBeUndefined();
  second.runtime.ejected = true;
  third.runtime.ejected = true;
  expect(ids.find(ids.of(first))).toBe(first);
});

test('a backend that is gone is not found, one that comes is', () => {
  const config = upstreamConfig('site', [1, 1]);
  const backends = config.backends.map((row) => new AddressBackend(row, config, new BackendRuntime()));
  const site = new Upstream(config, backends);
  const ids = idsOf(site, KEY);
  const [first, second] = allIds(site, ids);
  site.replaceBackends(config.backends.slice(0, 1), backends.slice(0, 1));
  expect([ids.find(first ?? ''), ids.find(second ?? '')]).toEqual([backends[0], undefined]);
  site.replaceBackends(config.backends, backends);
  expect(ids.find(second ?? '')).toBe(backends[1]);
});
