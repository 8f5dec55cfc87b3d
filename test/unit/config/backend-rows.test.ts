import { expect, test } from 'vitest';
import { contentWith, findingsIn } from '../../support/config-findings.ts';

const a = { address: 'a:1' };

test.each<[string, readonly object[], readonly string[]]>([
  [
    'neither an address nor an upstream',
    [{ weight: 2 }],
    [': missing: expected `address`, or `upstream` for another upstream'],
  ],
  ['both', [{ ...a, upstream: 'other' }], [': expected either `address` or `upstream`, found both']],
  [
    'a priority beside backup',
    [{ ...a, backup: true, priority: 1 }],
    ['.priority: expected none beside `backup`, which is the last group'],
  ],
  [
    'a backup for an unknown backend',
    [{ ...a, backupFor: 'b:1' }],
    ['.backupFor: expected the address of another backend of this upstream, found "b:1"'],
  ],
  [
    'a backup for itself',
    [{ ...a, backupFor: 'a:1' }],
    ['.backupFor: expected the address of another backend, found its own'],
  ],
  [
    'a backup for a backup',
    [{ address: 'b:1', backupFor: 'c:1' }, a, { address: 'c:1', backupFor: 'a:1' }],
    ['.backupFor: expected a backend that is no backup itself, found "c:1"'],
  ],
  [
    'a backup in a group of its own',
    [{ address: 'b:1', backupFor: 'a:1', priority: 2 }, a],
    ['.priority: expected none beside `backupFor`: the group is that of the primary'],
  ],
  [
    'an upstream as a backup for one backend',
    [{ upstream: 'other', backupFor: 'a:1' }, a],
    ['.backupFor: expected it beside `address` only, found it beside `upstream`'],
  ],
  [
    'a pair, the address written in another way',
    [{ address: '[::1]:80', backupFor: '[0::1]:81' }, { address: '[::1]:81' }],
    [],
  ],
  ['an upstream', [{ upstream: 'other', weight: 3, state: 'drain', priority: 1 }], []],
])('%s', (_, backends, findings) => {
  const upstreams = { site: { backends }, other: { backends: [a] } };
  expect(findingsIn(contentWith({ top: { upstreams } }))).toEqual(
    findings.map((finding) => `upstreams.site.backends[0]${finding}`),
  );
});

test('a broken address is told of once', () => {
  const findings = findingsIn(contentWith({ upstream: { backends: [{ address: 5 }] } }));
  expect(findings).toEqual([
    expect.stringMatching(/^upstreams\.site\.backends\[0\]\.address: expected an address/),
  ]);
});

test('round-robin: the weights of sticky sessions by source may differ', () => {
  const backends = [a, { address: 'b:1', weight: 2 }];
  expect(findingsIn(contentWith({ upstream: { backends, sticky: { type: 'source' } } }))).toEqual([]);
});

test('a slow start needs a scheduler that goes by weights', () => {
  const found = (scheduler: string | undefined) =>
    findingsIn(contentWith({ upstream: { scheduler, slowStart: '30s' } }));
  const finding =
    'upstreams.site.slowStart: expected a scheduler that goes by weights beside it, such as "weighted-round-robin", found "round-robin"';
  expect(found(undefined)).toEqual([]);
  expect(found('round-robin')).toEqual([finding]);
  expect(found('least-connections')).toEqual([]);
});
