import { expect, test } from 'vitest';
import { idleWeights } from '../../../core/config/idle-weights.ts';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';

const a = { address: '10.0.0.1:80' };
const b = { address: '10.0.0.2:80' };

function warnings(site: object): string[] {
  const content = configSchema.parse({
    listeners: [{ name: 'web', address: ':8080', upstream: 'site' }],
    upstreams: { site, other: { backends: [a] } },
  });
  return idleWeights(resolveConfig(content, '/etc/tidegate/tidegate.config.yaml', new Map())).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

const WARNING =
  'upstreams.site.scheduler: round-robin goes by no weights but 0; weighted-round-robin, the default, does';

test.each<[string, object, readonly string[]]>([
  ['weights that differ', { backends: [a, { ...b, weight: 2 }] }, [WARNING]],
  ['an upstream with another weight', { backends: [{ upstream: 'other', weight: 3 }, a] }, [WARNING]],
  [
    'the same weight for all',
    {
      backends: [
        { ...a, weight: 5 },
        { ...b, weight: 5 },
      ],
    },
    [],
  ],
  ['a weight of 0', { backends: [a, { ...b, weight: 0 }] }, []],
  [
    'a backup, with the weight of its primary',
    {
      backends: [
        { ...a, weight: 5 },
        { ...b, backupFor: '10.0.0.1:80' },
      ],
    },
    [],
  ],
  [
    'sticky sessions by source, which go by weights',
    { sticky: { type: 'source' }, backends: [a, { ...b, weight: 2 }] },
    [],
  ],
])('round-robin with %s', (_, site, expected) => {
  expect(warnings({ scheduler: 'round-robin', ...site })).toEqual(expected);
  expect(warnings(site)).toEqual([]);
});
