import { expect, test } from 'vitest';
import type { SchedulerConfig, UpstreamConfig } from '../../../core/shared/config-types.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { countOf, picks, schedulerConfig, upstreamConfig } from './support.ts';

const terms = { state: 'ready', priority: 0, weight: 1 } as const;
const byHeader = schedulerConfig('maglev', { key: 'header(x-user)' });
const bySource = schedulerConfig('consistent-hash', { key: 'source' });

/** `site` is made of the upstreams `a` and `b`, with three backends each. */
function setUp(outer: SchedulerConfig, inner: SchedulerConfig, registry = new UpstreamRegistry()): Upstream {
  const leaf = (name: string): UpstreamConfig => {
    const config = upstreamConfig(name, [1, 1, 1]);
    const backends = config.backends.map((row, i) => ({ ...row, addressText: `${name}${i}` }));
    return { ...config, backends, scheduler: inner };
  };
  const nested = ['a', 'b'].map((upstream) => ({ upstream, ...terms }));
  const upstreams = registry.prepare([
    { ...upstreamConfig('site', []), nested, scheduler: outer },
    leaf('a'),
    leaf('b'),
  ]);
  registry.commit(upstreams);
  const site = upstreams.get('site');
  if (site === undefined) throw new Error('no upstream');
  return site;
}

/** A client with this address and this X-User header. */
function client(address: string, user: string) {
  return { keyFor: ({ kind }: { readonly kind: string }) => (kind === 'source' ? address : user) };
}

test('an upstream in the place of a backend goes by its own key', () => {
  const site = setUp(byHeader, bySource);
  const places = Array.from({ length: 60 }, (_, i) => site.pick([], client(`c${i}`, `u${i}`))?.addressText);
  expect(new Set(places).size).toBe(6);
  expect(Array.from({ length: 60 }, (_, i) => site.pick([], client(`c${i}`, `u${i}`))?.addressText)).toEqual(
    places,
  );
  // The header decides on the upstream, the address on the backend in it.
  const upstreamsOf = Array.from(
    { length: 20 },
    (_, i) => site.pick([], client(`c${i}`, 'ann'))?.addressText[0],
  );
  expect(new Set(upstreamsOf).size).toBe(1);
});

test('it gets its key under a scheduler that wants none', () => {
  const site = setUp(schedulerConfig('round-robin'), bySource);
  expect(new Set(picks(() => site.pick([], client('c', 'u')), 10)).size).toBe(2);
});

test('a retry by key tries all backends once', () => {
  const site = setUp(byHeader, bySource);
  const tried = [];
  for (let i = 0; i < 6; i++) {
    const backend = site.pick(tried, client('c', 'u'));
    if (backend !== undefined) tried.push(backend);
  }
  expect(new Set(tried).size).toBe(6);
  expect(site.pick(tried, client('c', 'u'))).toBeUndefined();
});

test('the turns of upstreams go on over reloads', () => {
  const registry = new UpstreamRegistry();
  const turns = schedulerConfig('round-robin');
  expect(countOf(picks(() => setUp(turns, turns, registry).pick(), 12))).toEqual({
    a0: 2,
    a1: 2,
    a2: 2,
    b0: 2,
    b1: 2,
    b2: 2,
  });
});
