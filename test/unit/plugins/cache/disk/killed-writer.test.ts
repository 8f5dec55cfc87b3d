import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { poll } from '../../../../support/poll.ts';
import { bodyOf, cacheFolder, headOf, keep, openTier } from './support.ts';

const script = fileURLToPath(new URL('../../../../support/cache-writer.ts', import.meta.url));

test('a worker that is killed in the middle of a write leaves no part of an answer, and nothing for long', async () => {
  const folder = cacheFolder();
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const unfinished = join(folder, 'unfinished');
  const [half = ''] = readdirSync(unfinished).filter((name) => !name.endsWith('.member'));
  expect(half).not.toBe('');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const longAgo = Date.now() / 1000 - 60;
  utimesSync(join(folder, 'members', half.slice(0, half.indexOf('.'))), longAgo, longAgo);
  const { tier } = await openTier(folder);
  const heads = await tier.find(headOf('/whole').key);
  expect(heads).toHaveLength(1);
  for (const head of heads) expect(await bodyOf(tier, head)).toEqual(Buffer.alloc(100_000, 'x'));
  expect(await tier.find(headOf('/half').key)).toEqual([]);
  // Others go on at once: there is no lock that it could have held.
  expect(await keep(tier, headOf('/half'), 'whole')).toBe(true);
  await poll(() => !readdirSync(unfinished).includes(half));
});
