import fileSystem, { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileLock } from '../../../certs/file-lock.ts';
import { ourselves } from '../../../certs/lock-owner.ts';

const timing = { heartbeatMs: 20, staleMs: 300 };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const soon = () => AbortSignal.timeout(10_000);

async function isHeld(lock: FileLock): Promise<boolean> {
  try {
    await (
      await lock.acquire(AbortSignal.timeout(100))
    )();
    return false;
  } catch {
    return true;
  }
}

test.each([
  {
    where: 'one object',
    locks: () => {
      const lock = new FileLock(folder);
      return Array.from({ length: 20 }, () => lock);
    },
  },
  {
    where: 'objects of their own',
    locks: () => Array.from({ length: 20 }, () => new FileLock(folder)),
  },
])('only one of twenty has it at a time, with $where', async ({ locks }) => {
  let inside = 0;
  let most = 0;
  let turns = 0;
  await Promise.all(
    locks().map(async (lock) => {
      const release = await lock.acquire(soon());
      most = Math.max(most, (inside += 1));
      await new Promise(setImmediate);
      turns += 1;
      inside -= 1;
      await release();
    }),
  );
  expect({ most, turns }).toEqual({ most: 1, turns: 20 });
  expect((await readdir(folder)).length).toBeLessThanOrEqual(3);
});

test('an owner that gives it back twice takes it from nobody', async () => {
  const [one, two] = [new FileLock(folder), new FileLock(folder)];
  const release = await one.acquire(soon());
  await release();
  const releaseTwo = await two.acquire(soon());
  await release();
  expect(await isHeld(one)).toBe(true);
  await releaseTwo();
  expect(await isHeld(one)).toBe(false);
});

test('who stops waiting rejects with the reason, and does not keep those behind from it', async () => {
  const lock = new FileLock(folder);
  const release = await lock.acquire(soon());
  const stop = new AbortController();
  const waiting = lock.acquire(stop.signal);
  const behind = lock.acquire(soon());
  stop.abort(new Error('shutdown'));
  await expect(waiting).rejects.toThrow('shutdown');
  await expect(new FileLock(folder).acquire(AbortSignal.timeout(50))).rejects.toThrow('timeout');
  await release();
  await (
    await behind
  )();
  expect(lock.idle).toBe(true);
});

test('an owner on another machine keeps it for as long as it shows that it lives', async () => {
  const file = join(folder, '@7');
  await writeFile(file, JSON.stringify({ where: 'elsewhere', pid: 1, started: '1' }));
  let beats = 0;
  const heart = setInterval(() => void utimes(file, 1, (beats += 1)).catch(() => {}), timing.heartbeatMs);
  const lock = new FileLock(folder, timing);
  await expect(lock.acquire(AbortSignal.timeout(3 * timing.staleMs))).rejects.toThrow('timeout');
  clearInterval(heart);
  const started = performance.now();
  await (
    await lock.acquire(soon())
  )();
  expect(performance.now() - started).toBeGreaterThanOrEqual(timing.staleMs);
  expect((await readdir(folder)).toSorted()).toEqual(['@8', '@9']);
});

test.each([
  { left: 'nothing', text: '' },
  { left: 'half a line', text: '{"where":"el' },
  { left: 'what is no owner', text: '{"where":1,"pid":"x","started":[]}' },
  { left: 'no object', text: 'null' },
])('a lock in which a crash left $left is taken over after a while', async ({ text }) => {
  await writeFile(join(folder, '@1'), text);
  await (
    await new FileLock(folder, timing).acquire(soon())
  )();
});

test('one of a process with the number of another that ended is taken over at once', async () => {
  const us = await ourselves();
  await writeFile(join(folder, '@1'), JSON.stringify({ ...us, started: `${us.started}1` }));
  await (
    await new FileLock(folder, { heartbeatMs: 20, staleMs: 3_600_000 }).acquire(soon())
  )();
});

test('a process that stood still between looking and creating does not win by a number that came and went', async () => {
  const other = new FileLock(folder);
  const { open: original } = fileSystem;
  let releaseOther = null;
  // The first is that of the new file.
  fileSystem.open = async (...args) => {
    fileSystem.open = original;
    syncBuiltinESMExports();
    for (let turn = 0; turn < 3; turn += 1) await (await other.acquire(soon()))();
    releaseOther = await other.acquire(soon());
    return original(...args);
  };
  syncBuiltinESMExports();
  const slow = new FileLock(folder).acquire(AbortSignal.timeout(200));
  await expect(slow).rejects.toThrow('timeout');
  expect(releaseOther).not.toBeNull();
});

test('the folder of a lock below another is none of its generations', async () => {
  await mkdir(join(folder, '9'));
  const release = await new FileLock(folder, timing).acquire(soon());
  await (
    await new FileLock(join(folder, '9'), timing).acquire(soon())
  )();
  await release();
  expect((await readdir(folder)).toSorted()).toEqual(['9', '@1', '@2']);
});
