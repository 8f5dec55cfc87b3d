import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiskTier } from '../../../../../plugins/builtin/cache/disk/disk-tier.ts';
import { poll } from '../../../../support/poll.ts';
import { bodyOf, cacheFolder, entryFiles, headOf, keep, openTier } from './support.ts';

const BODY = Buffer.alloc(3000, 'x');

/** The upkeep has counted what was there at the beginning. */
async function counted(tier: DiskTier): Promise<void> {
  await poll(() => 'diskEntries' in tier.status());
}

test('what was not used for the longest goes first', async () => {
  const folder = cacheFolder();
  const { tier: before } = await openTier(folder);
  await counted(before);
  const now = Date.now() / 1000;
  for (let index = 0; index < 40; index++) await keep(before, headOf(`/${index}`), BODY);
  for (const path of entryFiles(folder)) utimesSync(path, now, now - 7200);
  for (let index = 40; index < 60; index++) await keep(before, headOf(`/${index}`), BODY);
  for (let index = 0; index < 10; index++) await bodyOf(before, headOf(`/${index}`));
  await before.close();
  const { tier } = await openTier(folder, { entries: 50 });
  await poll(() => entryFiles(folder).length <= 40);
  const left = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => (await tier.find(headOf(`/${index}`).key)).length),
  );
  expect([...left.slice(0, 10), ...left.slice(40)]).toEqual(Array.from({ length: 30 }, () => 1));
});

test('a worker that has died is no hindrance, and what it has left unfinished goes', async () => {
  const folder = cacheFolder();
  const { tier: first } = await openTier(folder);
  const members = join(folder, 'members');
  const [own] = readdirSync(members);
  const dead = '000000000-dead';
  const state = { written: { bytes: 10, entries: 1 }, report: null, isClosed: false };
  writeFileSync(join(members, dead), JSON.stringify(state));
  writeFileSync(join(members, '000000000-torn'), '{"written":');
  const longAgo = Date.now() / 1000 - 60;
  for (const name of [dead, '000000000-torn']) utimesSync(join(members, name), longAgo, longAgo);
  writeFileSync(join(folder, 'unfinished', `${dead}.half`), 'half');
  const writer = first.writer(headOf('/under-way'));
  for (let index = 0; index < 3; index++) await writer?.write(Buffer.alloc(65_536));
  await poll(() => readdirSync(members).length === 1);
  expect(readdirSync(members)).toEqual([own]);
  expect(readdirSync(join(folder, 'unfinished')).filter((name) => name.startsWith(dead))).toEqual([]);
  await writer?.finish();
  expect(await first.find(headOf('/under-way').key)).toHaveLength(1);
});

test('a flood of keys of one URL does not grow its folder without end', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  await counted(tier);
  const head = headOf('/a');
  await keep(tier, head, 'a');
  const [path = ''] = entryFiles(folder);
  for (let index = 0; index < 1100; index++)
    writeFileSync(path.replace(/.{8}$/, String(index).padStart(8, '0')), '');
  await tier.find(head.key);
  await poll(() => entryFiles(folder).length <= 1000);
});

test('files of somebody else among the entries are left alone', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  mkdirSync(join(folder, 'entries/abc'));
  writeFileSync(join(folder, 'entries/abc/photo.jpg'), 'mine');
  expect(await tier.remove({ prefix: '' })).toBe(0);
  expect(readdirSync(join(folder, 'entries/abc'))).toEqual(['photo.jpg']);
});
