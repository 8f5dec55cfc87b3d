import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileStorage } from '../../../certs/file-storage.ts';

let above: string;
let folder: string;
let storage: FileStorage;

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'tidegate-storage-'));
  folder = join(above, 'data');
  storage = new FileStorage(folder);
});
afterEach(() => rm(above, { recursive: true, force: true }));

test('gives back what was stored last, and null for what never was', async () => {
  await storage.store('a/b.pem', 'first');
  await storage.store('a/b.pem', Buffer.from([0, 255, 10]));
  expect(await storage.load('a/b.pem')).toEqual(Buffer.from([0, 255, 10]));
  expect(await storage.load('a/c.pem')).toBeNull();
  expect(await storage.load('a/b.pem/c')).toBeNull();
});

test('lists the keys below a prefix of whole segments', async () => {
  for (const key of ['b', 'a/*.x.test/rsa.pem', 'a/x.test/1', 'ab/c']) await storage.store(key, '');
  expect(await storage.list('')).toEqual(['a/*.x.test/rsa.pem', 'a/x.test/1', 'ab/c', 'b']);
  expect(await storage.list('a')).toEqual(['a/*.x.test/rsa.pem', 'a/x.test/1']);
  expect(await storage.list('a/x.test')).toEqual(['a/x.test/1']);
  expect(await storage.list('nothing/here')).toEqual([]);
});

test('lists neither locks nor what a crash left half-written', async () => {
  const release = await storage.lock('a', AbortSignal.timeout(5000));
  await storage.store('k', '');
  await writeFile(join(folder, '.unfinished', 'left'), 'half');
  expect(await storage.list('')).toEqual(['k']);
  await release();
});

test('forgets what is deleted, with the folders that it leaves empty', async () => {
  await storage.store('a/b/c/one', '');
  await storage.store('a/two', '');
  await storage.delete('a/b/c/one');
  await storage.delete('a/b/c/one');
  expect(await storage.load('a/b/c/one')).toBeNull();
  expect(await readdir(join(folder, 'a'))).toEqual(['two']);
});

test('stores beside deletes that remove the folder under it', async () => {
  await Promise.all(
    Array.from({ length: 200 }, (_, at) =>
      at % 2 === 0 ? storage.delete('a/b/c') : storage.store('a/b/c', String(at)),
    ),
  );
  await storage.store('a/b/c', 'last');
  expect(String(await storage.load('a/b/c'))).toBe('last');
});

test('keeps files and folders from everyone but the owner, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    await storage.store('certificates/x.test/rsa-2048.pem', 'key');
    await (
      await storage.lock('l', AbortSignal.timeout(5000))
    )();
  } finally {
    process.umask(before);
  }
  const modes = new Map<string, number>();
  for (const entry of await readdir(above, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    modes.set(path, (await stat(path)).mode & 0o777);
    expect.soft([path, modes.get(path)]).toEqual([path, entry.isDirectory() ? 0o700 : 0o600]);
  }
  expect(modes.size).toBeGreaterThanOrEqual(7);
});

test('takes a file that others could read from them when it is stored anew', async () => {
  await storage.store('k', 'old');
  await chmod(join(folder, 'k'), 0o644);
  await storage.store('k', 'new');
  expect((await stat(join(folder, 'k'))).mode & 0o777).toBe(0o600);
});

test.each([
  '',
  '/',
  '..',
  'a/../b',
  './a',
  '/etc/passwd',
  'a//b',
  'a/',
  '.locks/a',
  'a\\b',
  'a\0b',
  'ä',
  'a b',
  'a@1',
])('an attack by a name that leads elsewhere: %j is no key', async (key) => {
  await expect(storage.store(key, '')).rejects.toThrow(RangeError);
  await expect(storage.load(key)).rejects.toThrow(RangeError);
  await expect(storage.delete(key)).rejects.toThrow(RangeError);
  await expect(storage.lock(key, AbortSignal.timeout(1))).rejects.toThrow(RangeError);
  if (key !== '') await expect(storage.list(key)).rejects.toThrow(RangeError);
});

test('says in plain words what is wrong with a folder that cannot be written', async () => {
  await writeFile(folder, 'a file');
  const message = `the storage of certificates cannot be written: a file is where a folder should be: ${folder}`;
  await expect(storage.prepare()).rejects.toThrow(message);
  await expect(storage.store('a/b', '')).rejects.toThrow(message);
  await expect(storage.lock('a', AbortSignal.timeout(1000))).rejects.toThrow(message);
});

test('leaves nothing of an entry that cannot be put in place', async () => {
  await mkdir(join(folder, 'k'), { recursive: true });
  await expect(storage.store('k', 'value')).rejects.toThrow('cannot be written');
  expect(await readdir(join(folder, '.unfinished'))).toEqual([]);
});

test('clears away what a crash left long ago, and nothing that another process may be writing', async () => {
  await storage.prepare();
  const unfinished = join(folder, '.unfinished');
  await writeFile(join(unfinished, 'old'), '');
  await writeFile(join(unfinished, 'new'), '');
  const twoHoursAgo = new Date(Date.now() - 2 * 3600 * 1000);
  await utimes(join(unfinished, 'old'), twoHoursAgo, twoHoursAgo);
  await storage.prepare();
  expect(await readdir(unfinished)).toEqual(['new']);
});
