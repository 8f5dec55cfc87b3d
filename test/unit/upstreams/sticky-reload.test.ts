import { expect, test } from 'vitest';
import type { UpstreamConfig } from '../../../core/shared/config-types.ts';
import { UpstreamRegistry } from '../../../core/upstreams/registry.ts';
import type { LearnedPlaces } from '../../../core/upstreams/sticky/sticky-sessions.ts';
import type { Upstream } from '../../../core/upstreams/upstream.ts';
import { upstreamConfig } from './support.ts';

function learning(name: string, size: number): UpstreamConfig {
  const sticky = { type: 'app-cookie', name, prefix: null, ttlMs: 60_000, size } as const;
  return { ...upstreamConfig('site', [1, 1]), sticky };
}

function learnedOf(upstream: Upstream | undefined): LearnedPlaces {
  if (upstream?.sticky?.type !== 'learned') throw new Error('nothing is learned');
  return upstream.sticky;
}

test.each([
  ['with the same bounds', 'SID', 10, 'b1'],
  ['with a smaller table', 'SID', 5, 'b1'],
  ['not for another cookie', 'OTHER', 10, undefined],
] as const)('what was learned outlives a reload %s', (_what, name, size, found) => {
  const registry = new UpstreamRegistry();
  const first = registry.prepare([learning('SID', 10)]);
  registry.commit(first);
  const [, backend] = first.get('site')?.backends ?? [];
  if (backend === undefined) throw new Error('two backends');
  learnedOf(first.get('site')).learn('value', backend);
  const second = registry.prepare([learning(name, size)]);
  expect(learnedOf(second.get('site')).find('value')?.addressText).toBe(found);
  expect(learnedOf(first.get('site')).find('value')).toBe(backend);
});
