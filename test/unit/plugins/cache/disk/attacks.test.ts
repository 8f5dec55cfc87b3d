import { mkdirSync, statSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { poll } from '../../../../support/poll.ts';
import { cacheFolder, headOf, keep, openTier } from './support.ts';

test('a folder of another user, who could put forged answers there, is refused', async () => {
  const folder = cacheFolder();
  mkdirSync(folder, { mode: 0o700 });
  const getuid = vi.spyOn(process, 'getuid').mockReturnValue(statSync(folder).uid + 1);
  onTestFinished(() => getuid.mockRestore());
  await expect(openTier(folder)).rejects.toThrow(/belongs to another user/);
});

test('what was put in its place while a purge of another worker was on its way here goes, too', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  const { tier: other } = await openTier(folder);
  const { key } = headOf('/a');
  await other.remove({ key });
  await keep(tier, headOf('/a'), 'from before the purge');
  tier.forget({ key });
  await poll(async () => (await other.find(key)).length === 0);
});
