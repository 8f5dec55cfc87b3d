import { expect, test } from 'vitest';

import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { picks, schedulerConfig, upstreamConfig } from './support.ts';

const terms = { weight: 1, state: 'ready', priority: 0, backupFor: null } as const;

const config = {
  ...upstreamConfig('api', []),
  scheduler: schedulerConfig('weighted-round-robin'),
  backends: [
    {
      address: { kind: 'tcp', host: 'api.internal', port: 9000 },
      addressText: 'api.internal:9000',
      ...terms,
      weight: 2,
    },
    { address: { kind: 'tcp', host: '127.0.0.1', port: 9000 }, addressText: '127.0.0.1:9000', ...terms },
  ] as const,
};

function setUp(): { registry: UpstreamRegistry; upstream: Upstream } {
  const registry = new UpstreamRegistry();
  registry.learn([['api.internal', ['10.0.0.1', '10.0.0.2']]]);
  const upstreams = registry.prepare([config]);
  registry.commit(upstreams);
  const upstream = upstreams.get('api');
  if (upstream === undefined) throw new Error('no upstream');
  return { registry, upstream };
}

const labels = (upstream: Upstream | undefined) => upstream?.backends.map(({ addressText }) => addressText);

test('each address of a name is a backend with the weight of its row', () => {
  const { upstream } = setUp();
  expect(upstream.backends.map(({ addressText, weight }) => [addressText, weight])).toEqual([
    ['api.internal:9000 (10.0.0.1)', 2],
    ['api.internal:9000 (10.0.0.2)', 2],
    ['127.0.0.1:9000', 1],
  ]);
  expect(new Set(picks(() => upstream.pick(), 5)).size).toBe(3);
  expect(upstream.backends[0]?.address).toEqual({
    kind: 'tcp',
    host: 'api.internal',
    port: 9000,
    ip: '10.0.0.1',
  });
});

test('an address that stays keeps its backend; one that goes is given back to be closed', () => {
  const { registry, upstream } = setUp();
  const [first, second] = upstream.backends;
  const unused = registry.learn([['api.internal', ['10.0.0.2', '10.0.0.3']]]);
  expect(unused).toEqual([first?.runtime]);
  expect(upstream.backends[0]).toBe(second);
  expect(labels(upstream)).toEqual([
    'api.internal:9000 (10.0.0.2)',
    'api.internal:9000 (10.0.0.3)',
    '127.0.0.1:9000',
  ]);
  expect(upstream.candidates()).toHaveLength(3);
});

test('a snapshot that is prepared shares what the live one learns, and keeps it when it is committed', () => {
  const { registry, upstream } = setUp();
  const prepared = registry.prepare([config]);
  registry.learn([['api.internal', ['10.0.0.3']]], prepared);
  expect(labels(prepared.get('api'))).toEqual(labels(upstream));
  expect(prepared.get('api')?.backends[0]?.runtime).toBe(upstream.backends[0]?.runtime);
  expect(registry.commit(prepared)).toEqual([]);
});

test('a name without an address gives no backend, and says so where none is left', () => {
  const { registry, upstream } = setUp();
  registry.learn([['api.internal', []]]);
  expect(labels(upstream)).toEqual(['127.0.0.1:9000']);
  expect(upstream.unresolved().map(({ addressText }) => addressText)).toEqual(['api.internal:9000']);
  expect(upstream.whyNone()).toBe(
    'no backend of api takes requests; no address is known for api.internal:9000',
  );
});
