import { statSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { DiskTier } from '../../../plugins/builtin/cache/disk/disk-tier.ts';
import { poll } from '../../support/poll.ts';
import { cacheFolder, entryFiles, headOf, keep, openTier } from '../../unit/plugins/cache/disk/support.ts';

// Workers at the end of their share wait for one that sweeps.
vi.setConfig({ testTimeout: 180_000 });

const BODY = Buffer.alloc(3000, 'x');

/** As the file system counts it. */
function usage(folder: string): { entries: number; bytes: number } {
  const files = entryFiles(folder).map((path) => statSync(path, { throwIfNoEntry: false }));
  const there = files.filter((stat) => stat !== undefined);
  return { entries: there.length, bytes: there.reduce((sum, { blocks }) => sum + blocks * 512, 0) };
}

test.each([
  ['size', 5000, { size: 32 * 2 ** 20, entries: 100_000 }],
  ['entries', 1500, { size: 2 ** 30, entries: 1200 }],
])('three workers that write more than fits stay within the %s together', async (_name, answers, bounds) => {
  const folder = cacheFolder();
  const tiers = [];
  for (let index = 0; index < 3; index++) tiers.push((await openTier(folder, bounds)).tier);
  const most = { entries: 0, bytes: 0 };
  const write = async (tier: DiskTier, own: number): Promise<void> => {
    for (let index = 0; index < answers / 3; index++) {
      // Where a worker has taken its share it waits; one that serves would go on without.
      await poll(() => keep(tier, headOf(`/${own}/${index}`), BODY));
      if (index % 100 !== 0) continue;
      const now = usage(folder);
      most.entries = Math.max(most.entries, now.entries);
      most.bytes = Math.max(most.bytes, now.bytes);
    }
  };
  await Promise.all(tiers.map(write));
  expect(most.entries).toBeLessThanOrEqual(bounds.entries);
  expect(most.bytes).toBeLessThanOrEqual(bounds.size);
  expect(most.entries).toBeGreaterThan(answers / 2);
});
