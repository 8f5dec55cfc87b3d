import { expect, test } from 'vitest';
import type { UpstreamConfig } from '../../../core/shared/config-types.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { countOf, picks, schedulerConfig, upstreamConfig } from './support.ts';

const terms = { state: 'ready', priority: 0 } as const;

/** Upstream `eu` has e0 and e1; `site` has s0, and `eu` with this weight. */
function setUp(weight: number, changes: Partial<UpstreamConfig> = {}): { site: Upstream; eu: Upstream } {
  const named = (name: string, count: number): UpstreamConfig => {
    const config = upstreamConfig(
      name,
      Array.from({ length: count }, () => 1),
      'weighted-round-robin',
    );
    return {
      ...config,
      backends: config.backends.map((row, i) => ({ ...row, addressText: `${name[0] ?? ''}${i}` })),
    };
  };
  const upstreams = new UpstreamRegistry().prepare([
    { ...named('site', 1), nested: [{ upstream: 'eu', weight, ...terms }], ...changes },
    named('eu', 2),
  ]);
  const [site, eu] = [upstreams.get('site'), upstreams.get('eu')];
  if (site === undefined || eu === undefined) throw new Error('no upstream');
  return { site, eu };
}

test('an upstream takes its share by weight and spreads it over its own backends', () => {
  const { site } = setUp(4);
  expect(countOf(picks(() => site.pick(), 50))).toEqual({ s0: 10, e0: 20, e1: 20 });
});

test('a pick comes with the settings of the upstream that the backend belongs to', () => {
  const { site, eu } = setUp(1000);
  expect(site.pick()?.settings).toBe(eu.config);
});

test('it is left out while none of its backends takes requests', () => {
  const { site, eu } = setUp(4);
  for (const { runtime } of eu.backends) runtime.health = 'down';
  expect(countOf(picks(() => site.pick(), 10))).toEqual({ s0: 10 });
  const [first] = eu.backends;
  if (first !== undefined) first.runtime.health = 'up';
  expect(countOf(picks(() => site.pick(), 10))).toEqual({ s0: 2, e0: 8 });
});

test('a retry goes on to what was not tried, wherever that is', () => {
  const { site } = setUp(1000);
  const tried = [];
  for (let i = 0; i < 3; i++) {
    const backend = site.pick(tried);
    if (backend !== undefined) tried.push(backend);
  }
  expect(tried.map(({ addressText }) => addressText).toSorted()).toEqual(['e0', 'e1', 's0']);
  expect(site.pick(tried)).toBeUndefined();
});

test('a scheduler that looks at the load sees that of all its backends', () => {
  const { site, eu } = setUp(1, { scheduler: schedulerConfig('least-connections') });
  for (const { runtime } of eu.backends) runtime.inFlight = 1;
  for (const { runtime } of site.backends) runtime.inFlight = 1;
  expect(picks(() => site.pick(), 3)).toEqual(['s0', 's0', 's0']);
});

test('in a group behind, it takes over when the first has none left', () => {
  const { site } = setUp(1, { nested: [{ upstream: 'eu', weight: 1, state: 'ready', priority: 1 }] });
  expect(countOf(picks(() => site.pick(), 4))).toEqual({ s0: 4 });
  for (const { runtime } of site.backends) runtime.health = 'down';
  expect(countOf(picks(() => site.pick(), 4))).toEqual({ e0: 2, e1: 2 });
});

test('an upstream that comes back starts slowly, as a backend does', () => {
  const { site, eu } = setUp(90, { slowStartMs: 3_600_000 });
  for (const { runtime } of eu.backends) runtime.health = 'down';
  expect(site.pick()?.addressText).toBe('s0');
  for (const { runtime } of eu.backends) runtime.health = 'up';
  expect(countOf(picks(() => site.pick(), 100))).toEqual({ s0: 10, e0: 45, e1: 45 });
});
