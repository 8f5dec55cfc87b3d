import { expect, test } from 'vitest';
import { describeChanges } from '../../../core/config/diff.ts';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import type { Config } from '../../../core/shared/config-types.ts';
import { contentWith } from '../../support/config-findings.ts';

function config(keys: Parameters<typeof contentWith>[0]): Config {
  return resolveConfig(configSchema.parse(contentWith(keys)), '/c.yaml', new Map([['/404.html', 'x']]));
}

function changes(
  before: Parameters<typeof contentWith>[0],
  after: Parameters<typeof contentWith>[0],
): string[] {
  return describeChanges(config(before), config(after));
}

test('the same config has no changes', () => {
  expect(changes({}, {})).toEqual([]);
});

test('a listener added, removed, changed', () => {
  const [web, other] = [
    { name: 'web', address: ':8080', upstream: 'site' },
    { name: 'other', address: ':81' },
  ];
  expect(changes({}, { top: { listeners: [other, web] } })).toEqual(['listener other: added at :81']);
  expect(changes({ top: { listeners: [web, other] } }, {})).toEqual(['listener other: removed']);
  expect(
    changes(
      { listener: { forwarded: { trust: ['10.0.0.1'] }, routes: [{ path: '/a', upstream: 'site' }] } },
      {
        listener: {
          address: ':8081',
          upstream: undefined,
          timeouts: { header: '90s' },
          limits: { body: '1MiB', headers: 50 },
          forwarded: { trust: ['10.0.0.2'], via: false },
          rules: 'site.ts',
          routes: [
            { path: '/b', upstream: 'site' },
            { path: '/c', upstream: 'site' },
          ],
          errorPages: { 404: './404.html' },
        },
      },
    ),
  ).toEqual([
    'listener web: address :8080 → :8081, upstream site → none, timeouts.header 10s → 90s, limits.headers 100 → 50, ' +
      'limits.body none → 1MiB, forwarded.via true → false, rules none → /site.ts, 2 routes added, 1 route removed, ' +
      'trust 10.0.0.1/32 removed, trust 10.0.0.2/32 added, error pages changed',
  ]);
});

test("a rule script's settings", () => {
  expect(
    changes(
      { listener: { rules: 'a.ts' } },
      { listener: { rules: { script: 'b.ts', timeLimit: '20ms', memoryLimit: '64MiB' } } },
    ),
  ).toEqual([
    'listener web: rules.script /a.ts → /b.ts, rules.timeLimit 10ms → 20ms, rules.memoryLimit 32MiB → 64MiB',
  ]);
});

test('a script that is tried', () => {
  expect(changes({}, { listener: { shadow: 'a.ts' } })).toEqual(['listener web: shadow none → /a.ts']);
  expect(
    changes(
      { listener: { shadow: 'a.ts' } },
      { listener: { shadow: { script: 'b.ts', sample: 0.5, budget: '20ms' } } },
    ),
  ).toEqual(['listener web: shadow.script /a.ts → /b.ts, shadow.budget 100ms → 20ms, shadow.sample 1 → 0.5']);
});

test('an upstream added, removed, changed', () => {
  const api = { backends: [{ address: 'a:1' }, { address: 'b:1' }] };
  const site = { backends: [{ address: '127.0.0.1:9001' }] };
  expect(changes({}, { top: { upstreams: { site, api } } })).toEqual(['upstream api: added with 2 backends']);
  expect(changes({ top: { upstreams: { site, api } } }, {})).toEqual(['upstream api: removed']);
  expect(
    changes(
      { upstream: { backends: [{ address: 'a:1' }, { address: 'b:1' }] } },
      {
        upstream: {
          backends: [
            { address: 'c:1', weight: 5 },
            { address: 'b:1', weight: 3 },
          ],
          scheduler: 'random',
          retries: { attempts: 1 },
        },
      },
    ),
  ).toEqual([
    'upstream site: backend a:1: removed, backend c:1: added with weight 5, backend b:1: weight 1 → 3, ' +
      'scheduler weighted-round-robin → random, retries.attempts 2 → 1',
  ]);
});

test('what happens when a backend fails, as the file has it', () => {
  const more = { fallback: 'api', connections: { maxAge: '1h' }, circuitBreaker: { openFor: '1s' } };
  const retries = { on: ['reset', 503], budget: 'none', body: '1KiB', hedge: { after: '200ms' } };
  const api = { backends: [{ address: 'a:1' }] };
  const site = { backends: [{ address: '127.0.0.1:9001' }] };
  const before = { top: { upstreams: { site, api } } };
  expect(changes(before, { top: { upstreams: { site: { ...site, ...more, retries }, api } } })).toEqual([
    'upstream site: retries.on connect-failure, reset, timeout, refused-stream → reset, 503, ' +
      'retries.budget.share 0.2 → none, retries.budget.minPerSecond 10 → none, retries.body 64KiB → 1KiB, ' +
      'retries.hedge.after none → 200ms, circuitBreaker off → on, fallback none → api, connections.maxAge none → 1h',
  ]);
  const breaking = (openFor: string) => ({ upstream: { circuitBreaker: { openFor } } });
  expect(changes(breaking('1s'), breaking('2s'))).toEqual(['upstream site: circuitBreaker.openFor 1s → 2s']);
});

test('lists and the top level', () => {
  expect(
    changes(
      { top: { lists: { office: ['10.0.0.0/8'], gone: [] }, workers: 2 } },
      {
        top: {
          lists: { office: ['192.168.0.0/16'], home: ['::1'] },
          workers: 4,
          admin: { address: 'localhost:9900' },
          shutdownTimeout: '1m',
          workerTimeout: '5s',
          log: { level: 'debug' },
        },
      },
    ),
  ).toEqual([
    'list gone: removed',
    'list office: 10.0.0.0/8 removed, 192.168.0.0/16 added',
    'list home: added with 1 range',
    'workers 2 → 4',
    'admin none → localhost:9900',
    'shutdownTimeout 30s → 1m',
    'workerTimeout 10s → 5s',
    'log.level info → debug',
  ]);
});

test('the order of listeners, upstreams and backends is no change', () => {
  const [a, b] = [{ address: 'a:1' }, { address: 'b:1' }];
  expect(changes({ upstream: { backends: [a, b] } }, { upstream: { backends: [b, a] } })).toEqual([]);
});

test('TLS to backends: settings by name, of the files only that they differ', () => {
  const tls = (settings: object | boolean) => ({ upstream: { tls: settings } });
  expect(changes(tls(false), tls(true))).toEqual(['upstream site: tls off → on']);
  expect(changes(tls(true), tls({ verify: false, serverName: 'a.test' }))).toEqual([
    'upstream site: tls.verify true → false, tls.serverName none → a.test',
  ]);
  expect(changes(tls(true), tls({ ca: '/404.html' }))).toEqual(['upstream site: tls files changed']);
});

test('certificates: names and terms, and no secrets', () => {
  const acme = (keys: object) => ({ top: { certificates: { acme: keys } } });
  const account = (hmacKey: string) => ({ domains: ['a.test'], externalAccount: { keyId: 'k', hmacKey } });
  expect(changes({}, acme({ domains: ['a.test'] }))).toEqual(['certificates: added']);
  expect(changes(acme({ domains: ['a.test'] }), {})).toEqual(['certificates: removed']);
  expect(changes(acme({ domains: ['a.test', 'b.test'] }), acme({ domains: [['b.test', 'c.test']] }))).toEqual(
    ['certificates: a.test removed, b.test removed, b.test c.test added'],
  );
  expect(changes(acme(account('one-secret')), acme(account('another')))).toEqual([
    'certificates: terms of a.test changed',
  ]);
  const others = (keys: object) => ({ top: { certificates: { acme: { domains: ['a.test'] }, ...keys } } });
  expect(
    changes(
      others({ selfSigned: ['x.test'], onDemand: { ask: ['b.test'] } }),
      others({ selfSigned: ['y.test'], onDemand: { ask: ['c.test'] }, storage: './other' }),
    ),
  ).toEqual([
    'certificates: storage /certificates-data → /other, self-signed x.test removed, self-signed y.test added, onDemand changed',
  ]);
  expect(changes(others({}), others({ onDemand: { ask: ['b.test'] } }))).toEqual([
    'certificates: onDemand added',
  ]);
});
