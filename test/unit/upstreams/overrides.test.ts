import { expect, test } from 'vitest';
import { NO_OVERRIDES, type UpstreamOverrides } from '../../../core/shared/backend-overrides.ts';
import type { UpstreamConfig } from '../../../core/shared/config-types.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { upstreamConfig } from './support.ts';

const site = upstreamConfig('site', [1, 2]);

function setUp(config: UpstreamConfig = site): {
  registry: UpstreamRegistry;
  live: ReadonlyMap<string, Upstream>;
} {
  const registry = new UpstreamRegistry();
  const live = registry.prepare([config, upstreamConfig('other', [1])]);
  registry.commit(live);
  return { registry, live };
}

const shown = (upstreams: ReadonlyMap<string, Upstream>): string[] => {
  const upstream = upstreams.get('site');
  return [...(upstream?.backends ?? []), ...(upstream?.nested ?? [])].map(
    ({ addressText, configuredWeight, state }) => `${addressText} ${configuredWeight} ${state}`,
  );
};

const overrides = (changes: Partial<UpstreamOverrides>) => ({ site: { ...NO_OVERRIDES, ...changes } });
const drained = (backend: string): UpstreamOverrides['changed'][number] => ({
  backend,
  state: { value: 'drain', file: 'ready' },
  weight: null,
});

test('what is set holds in the live snapshot, in one that is prepared and in the next', () => {
  const { registry, live } = setUp();
  const prepared = registry.prepare([site]);
  const [kept] = live.get('site')?.backends ?? [];
  const weight = { backend: 'b1', state: null, weight: { value: 7, file: 2 } };
  registry.override(overrides({ changed: [drained('b0'), weight] }), prepared);
  for (const upstreams of [live, prepared, registry.prepare([site])])
    expect(shown(upstreams)).toEqual(['b0 1 drain', 'b1 7 ready']);
  expect(live.get('site')?.backends[0]).toBe(kept);
  expect(live.get('site')?.candidates()).toHaveLength(1);
});

test('what is not set any more is as the config has it', () => {
  const { registry, live } = setUp();
  registry.override(overrides({ changed: [drained('b0')], removed: ['b1'] }));
  expect(shown(live)).toEqual(['b0 1 drain']);
  registry.override({});
  expect(shown(live)).toEqual(['b0 1 ready', 'b1 2 ready']);
});

test('a config that says something else than it did has the say', () => {
  const { registry } = setUp();
  const changed = [
    { backend: 'b0', state: null, weight: { value: 9, file: 1 } },
    { backend: 'b1', state: null, weight: { value: 9, file: 2 } },
  ];
  registry.override(overrides({ changed }));
  expect(shown(registry.prepare([upstreamConfig('site', [1, 3])]))).toEqual(['b0 9 ready', 'b1 3 ready']);
});

test('a removed backend is given back to be closed; when it is back, it is another one', () => {
  const { registry, live } = setUp();
  const runtime = live.get('site')?.backends[0]?.runtime;
  expect(registry.override(overrides({ removed: ['b0'] }))).toEqual([runtime]);
  expect(shown(live)).toEqual(['b1 2 ready']);
  expect(registry.override({})).toEqual([]);
  expect(live.get('site')?.backends[0]?.runtime).not.toBe(runtime);
});

test('an added backend is one like the others, unless the config has its address', () => {
  const { registry, live } = setUp();
  const address = { kind: 'tcp', host: '127.0.0.1', port: 9002 } as const;
  const added = [
    {
      address,
      addressText: 'localhost:9002',
      weight: 3,
      state: 'ready',
      priority: 0,
      backupFor: null,
    } as const,
  ];
  registry.override(overrides({ added }));
  expect(shown(live)).toEqual(['b0 1 ready', 'b1 2 ready', 'localhost:9002 3 ready']);
  expect(live.get('site')?.candidates()).toHaveLength(3);
  expect(shown(registry.prepare([upstreamConfig('site', [1, 2, 5])]))).toEqual([
    'b0 1 ready',
    'b1 2 ready',
    'b2 5 ready',
  ]);
});

test('a nested upstream can be drained', () => {
  const { registry, live } = setUp({
    ...site,
    nested: [{ upstream: 'other', weight: 1, state: 'ready', priority: 0 }],
  });
  registry.override(overrides({ changed: [drained('upstream:other')] }));
  expect(shown(live)).toEqual(['b0 1 ready', 'b1 2 ready', 'upstream:other 1 drain']);
  expect(live.get('site')?.candidates()).toHaveLength(2);
});

test('a row stands for all addresses of its host name, and one of them may have something of its own', () => {
  const { registry, live } = setUp({
    ...site,
    backends: [
      {
        address: { kind: 'tcp', host: 'api.internal', port: 80 },
        addressText: 'api.internal:80',
        weight: 1,
        state: 'ready',
        priority: 0,
        backupFor: null,
      },
    ],
  });
  const one = {
    backend: 'api.internal:80 (10.0.0.2)',
    state: { value: 'ready', file: 'ready' },
    weight: null,
  } as const;
  registry.override(overrides({ changed: [one, drained('api.internal:80')] }));
  registry.learn([['api.internal', ['10.0.0.1', '10.0.0.2']]]);
  expect(shown(live)).toEqual(['api.internal:80 (10.0.0.1) 1 drain', 'api.internal:80 (10.0.0.2) 1 ready']);
});

test('a backend that comes by a reload is new to the traffic; those of the first snapshot are not', () => {
  const { registry, live } = setUp();
  const since = (upstreams: ReadonlyMap<string, Upstream>): boolean[] =>
    upstreams.get('site')?.backends.map(({ runtime }) => runtime.takesRequestsSinceMs === null) ?? [];
  expect(since(live)).toEqual([false, false]);
  expect(since(registry.prepare([upstreamConfig('site', [1, 2, 3])]))).toEqual([false, false, true]);
});
