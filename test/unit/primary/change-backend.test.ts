import { expect, test } from 'vitest';
import { backendChange, type BackendChangeInput } from '../../../core/admin/backend-change.ts';
import { changeBackend } from '../../../core/primary/change-backend.ts';
import { reviseOverrides } from '../../../core/primary/outdated-overrides.ts';
import { NO_OVERRIDES, type UpstreamOverrides } from '../../../core/shared/backend-overrides.ts';
import type { BackendConfig, UpstreamConfig } from '../../../core/shared/config-types.ts';
import { upstreamConfig } from '../upstreams/support.ts';

const terms = { weight: 1, state: 'ready', priority: 0 } as const;

function row(host: string, more: Partial<BackendConfig> = {}): BackendConfig {
  return {
    address: { kind: 'tcp', host, port: 80 },
    addressText: `${host}:80`,
    backupFor: null,
    ...terms,
    ...more,
  };
}

const site: UpstreamConfig = {
  ...upstreamConfig('site', []),
  backends: [row('10.0.0.1', { weight: 5 }), row('10.0.0.2', { state: 'drain' }), row('api.internal')],
  nested: [{ upstream: 'other', ...terms }],
};

type Wanted = BackendChangeInput extends infer Change
  ? Change extends unknown
    ? Omit<Change, 'upstream'>
    : never
  : never;

/** Carries out one after the other; the result, and the texts of changes and problems. */
function run(...wanted: readonly Wanted[]): { overrides: UpstreamOverrides; texts: (string | null)[] } {
  let overrides = NO_OVERRIDES;
  const texts = wanted.map((each) => {
    const change = backendChange.parse({ upstream: 'site', ...each });
    const result = changeBackend(site, overrides, change, {
      configFile: '/etc/t/c.yaml',
      addressesOf: (name) => (name === 'api.internal' ? ['10.0.0.7'] : []),
    });
    if (!result.ok) return result.problem;
    overrides = result.overrides;
    return result.change;
  });
  return { overrides, texts };
}

test('a state and a weight are kept with what the file said', () => {
  const { overrides, texts } = run(
    { action: 'maintenance', backend: '10.0.0.1:80' },
    { action: 'weight', backend: '10.0.0.1:80', weight: 9 },
    { action: 'weight', backend: 'upstream:other', weight: 0 },
  );
  expect(overrides.changed).toEqual([
    { backend: '10.0.0.1:80', state: { value: 'maintenance', file: 'ready' }, weight: { value: 9, file: 5 } },
    { backend: 'upstream:other', state: null, weight: { value: 0, file: 1 } },
  ]);
  expect(texts).toEqual([
    'backend 10.0.0.1:80 of site: maintenance',
    'backend 10.0.0.1:80 of site: weight 9',
    'backend upstream:other of site: weight 0',
  ]);
});

test('what the file says is nothing of its own, and nothing changes twice', () => {
  expect(
    run(
      { action: 'drain', backend: '10.0.0.2:80' },
      { action: 'ready', backend: '10.0.0.2:80' },
      { action: 'ready', backend: '10.0.0.2:80' },
      { action: 'drain', backend: '10.0.0.2:80' },
    ),
  ).toEqual({
    overrides: NO_OVERRIDES,
    texts: [null, 'backend 10.0.0.2:80 of site: ready', null, 'backend 10.0.0.2:80 of site: drain'],
  });
});

test('a backend that is added can be changed and removed; a path of a socket is relative to the config', () => {
  const { overrides } = run(
    { action: 'add', backend: '[0::1]:80', weight: 3, backup: true },
    { action: 'drain', backend: '[::1]:80' },
    { action: 'add', backend: 'unix:a.sock' },
    { action: 'weight', backend: 'unix:./b/../a.sock', weight: 2 },
    { action: 'add', backend: '10.0.0.9:80' },
    { action: 'remove', backend: '10.0.0.9:80' },
  );
  expect(overrides).toEqual({
    ...NO_OVERRIDES,
    added: [
      {
        ...row('::1'),
        addressText: '[0::1]:80',
        weight: 3,
        state: 'drain',
        priority: 1001,
      },
      { ...row(''), address: { kind: 'unix', path: '/etc/t/a.sock' }, addressText: 'unix:a.sock', weight: 2 },
    ],
  });
});

test('a backend of the file that is removed comes back by `add`, with another weight if one is given', () => {
  expect(
    run({ action: 'drain', backend: '10.0.0.1:80' }, { action: 'remove', backend: '10.0.0.1:80' }).overrides,
  ).toEqual({
    ...NO_OVERRIDES,
    removed: ['10.0.0.1:80'],
  });
  const { overrides, texts } = run(
    { action: 'remove', backend: '10.0.0.1:80' },
    { action: 'remove', backend: '10.0.0.1:80' },
    { action: 'add', backend: '10.0.0.1:80', weight: 2 },
  );
  expect(overrides).toEqual({
    ...NO_OVERRIDES,
    changed: [{ backend: '10.0.0.1:80', state: null, weight: { value: 2, file: 5 } }],
  });
  expect(texts).toEqual([
    'backend 10.0.0.1:80 of site: removed',
    null,
    'backend 10.0.0.1:80 of site: back in the upstream',
  ]);
});

test('reset undoes what was set for one backend and its addresses, or for all', () => {
  const changes: Wanted[] = [
    { action: 'drain', backend: 'api.internal:80' },
    { action: 'ready', backend: 'api.internal:80 (10.0.0.7)' },
    { action: 'remove', backend: '10.0.0.1:80' },
    { action: 'add', backend: '10.0.0.9:80' },
  ];
  expect(run(...changes, { action: 'reset', backend: 'api.internal:80' }).overrides).toMatchObject({
    changed: [],
    removed: ['10.0.0.1:80'],
  });
  expect(run(...changes, { action: 'reset', backend: '10.0.0.1:80' }).overrides.removed).toEqual([]);
  const all = run(...changes, { action: 'reset' }, { action: 'reset' });
  expect(all.overrides).toEqual(NO_OVERRIDES);
  expect(all.texts.slice(-2)).toEqual(['upstream site: as the file has it', null]);
});

test.each<[Wanted, string]>([
  [
    { action: 'drain', backend: '10.0.0.3:80' },
    'upstream site has no backend "10.0.0.3:80" (it has 10.0.0.1:80, 10.0.0.2:80, api.internal:80, upstream:other); did you mean `10.0.0.1:80`?',
  ],
  [{ action: 'add', backend: '10.0.0.1:80' }, 'upstream site has the backend 10.0.0.1:80 already'],
  [
    { action: 'drain', backend: 'api.internal:80 (10.0.0.8)' },
    'api.internal:80 (10.0.0.8) is none of the addresses of api.internal:80 (10.0.0.7)',
  ],
  [
    { action: 'add', backend: '10.0.0.9:80', backup: true, priority: 1 },
    'expected either `backup` or `priority`, found both: backups are the last group',
  ],
  [
    { action: 'remove', backend: 'upstream:other' },
    'upstream:other is an upstream: it can be put in maintenance, but not removed',
  ],
  [
    { action: 'remove', backend: 'api.internal:80 (10.0.0.7)' },
    'api.internal:80 (10.0.0.7) is one of the addresses of api.internal:80: it can be put in maintenance, but not removed',
  ],
  [
    { action: 'add', backend: `unix:/run/${'x'.repeat(103)}` },
    `expected a path of at most 107 bytes, found 108: /run/${'x'.repeat(103)}`,
  ],
])('refused: %j', (wanted, problem) => {
  expect(run(wanted)).toEqual({ overrides: NO_OVERRIDES, texts: [problem] });
});

test.each([{ priority: 2 }, { backup: true }])(
  'a backend of the file comes back to its group: %j',
  (group) => {
    const { overrides, texts } = run(
      { action: 'remove', backend: '10.0.0.1:80' },
      { action: 'add', backend: '10.0.0.1:80', ...group },
    );
    expect(overrides.removed).toEqual(['10.0.0.1:80']);
    expect(texts[1]).toMatch(/^10\.0\.0\.1:80 comes back to its group in the file: expected neither/);
  },
);

test('a backend that could not prove its name is not added to an upstream with TLS', () => {
  const tls = { ca: null, verify: true, cert: null, key: null, policy: null, minVersion: 'TLSv1.2' } as const;
  const change = backendChange.parse({ action: 'add', upstream: 'site', backend: 'unix:/run/a.sock' });
  const add = (serverName: string | null) =>
    changeBackend({ ...site, tls: { ...tls, serverName } }, NO_OVERRIDES, change, {
      configFile: '/etc/t/c.yaml',
      addressesOf: () => [],
    });
  expect(add(null)).toEqual({
    ok: false,
    problem: expect.stringContaining('site has `tls` without `serverName`'),
  });
  expect(add('api.internal')).toMatchObject({ ok: true });
});

test('a backend that was removed has to come back first', () => {
  expect(
    run({ action: 'remove', backend: '10.0.0.1:80' }, { action: 'drain', backend: '10.0.0.1:80' }).texts[1],
  ).toBe('10.0.0.1:80 was removed from site by a command; `add` brings it back');
});

test('there is a bound on what commands add', () => {
  const adds = Array.from({ length: 1001 }, (_, i): Wanted => ({
    action: 'add',
    backend: `10.9.${i >> 8}.${i & 255}:80`,
  }));
  const { overrides, texts } = run(...adds);
  expect(overrides.added).toHaveLength(1000);
  expect(texts.at(-1)).toBe('expected at most 1000 backends added to site by commands');
});

test('who changes the file has the last word on what was changed', () => {
  const { overrides } = run(
    { action: 'weight', backend: '10.0.0.1:80', weight: 9 },
    { action: 'drain', backend: '10.0.0.1:80' },
    { action: 'ready', backend: '10.0.0.2:80' },
    { action: 'drain', backend: 'api.internal:80 (10.0.0.7)' },
    { action: 'add', backend: '10.0.0.8:80' },
    { action: 'add', backend: '10.0.0.9:80' },
  );
  const next = {
    ...site,
    backends: [row('10.0.0.1', { weight: 6 }), row('api.internal', { priority: 1 }), row('10.0.0.9')],
  };
  expect(reviseOverrides({ site: overrides, gone: overrides }, [next])).toEqual({
    overrides: {
      site: {
        changed: [
          { backend: '10.0.0.1:80', state: { value: 'drain', file: 'ready' }, weight: null },
          { backend: 'api.internal:80 (10.0.0.7)', state: { value: 'drain', file: 'ready' }, weight: null },
        ],
        removed: [],
        added: [row('10.0.0.8')],
      },
    },
    ended: [
      'backend 10.0.0.1:80 of site: what a command had set ended, since the file says something else now',
      'backend 10.0.0.2:80 of site: what a command had set ended, since the file has no such backend',
      'backend 10.0.0.9:80 of site: what a command had set ended, since it is in the file now',
      'upstream gone: what commands had set went with it',
    ],
  });
});

test('a removed backend stays removed whatever the file says of it, and is forgotten when the file drops it', () => {
  const { overrides } = run({ action: 'remove', backend: '10.0.0.1:80' });
  const changed = { ...site, backends: [row('10.0.0.1', { weight: 6 })] };
  expect(reviseOverrides({ site: overrides }, [changed])).toEqual({
    overrides: { site: overrides },
    ended: [],
  });
  const dropped = reviseOverrides({ site: overrides }, [{ ...site, backends: [row('10.0.0.2')] }]);
  expect(dropped.overrides).toEqual({});
});
