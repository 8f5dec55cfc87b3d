import { expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import { contentWith } from '../../support/config-findings.ts';

/** Weight and priority of a backup for this primary. */
function backupFor(primary: object, backup: object = {}): [weight: number, priority: number] {
  const backends = [
    { address: 'b:1', backupFor: 'A:1', ...backup },
    { address: 'a:1', ...primary },
  ];
  const config = resolveConfig(
    configSchema.parse(contentWith({ upstream: { backends } })),
    '/c.yaml',
    new Map(),
  );
  const [row] = config.upstreams[0]?.backends ?? [];
  expect(row?.backupFor).toBe('a:1');
  return [row?.weight ?? -1, row?.priority ?? -1];
}

test('a backup has the group of its primary, and its weight unless it has one', () => {
  expect(backupFor({ weight: 50, priority: 3 })).toEqual([50, 3]);
  expect(backupFor({ weight: 50, backup: true }, { weight: 2 })).toEqual([2, 1001]);
  expect(backupFor({})).toEqual([1, 0]);
});

test('a primary that is meant to get nothing leaves something to its backup', () => {
  expect(backupFor({ weight: 0 })).toEqual([1, 0]);
  expect(backupFor({ weight: 50 }, { weight: 0 })).toEqual([0, 0]);
});
