import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { poll } from '../../../../support/poll.ts';
import { bodyOf, cacheFolder, entryFiles, headOf, keep, openTier } from './support.ts';

const LARGE = Buffer.alloc(200_000, 'tidegate ');

test('an answer that one worker keeps is there for the others, and after a restart', async () => {
  const folder = cacheFolder();
  const { tier: one } = await openTier(folder);
  const { tier: other } = await openTier(folder);
  await keep(one, headOf('/a'), 'hello');
  const found = { ...headOf('/a'), length: 5 };
  expect(await other.find(found.key)).toEqual([found]);
  expect(String(await bodyOf(other, found))).toBe('hello');
  await one.close();
  await other.close();
  const { tier: later } = await openTier(folder);
  expect(await later.find(found.key)).toEqual([found]);
  expect(String(await bodyOf(later, found))).toBe('hello');
});

test('an empty body and one of many blocks come as they were', async () => {
  const { tier } = await openTier(cacheFolder());
  await keep(tier, headOf('/empty', { length: 0 }), '');
  await keep(tier, headOf('/large', { length: LARGE.length }), LARGE);
  expect(await bodyOf(tier, headOf('/empty'))).toEqual(Buffer.alloc(0));
  expect(await bodyOf(tier, headOf('/large'))).toEqual(LARGE);
});

test.each([
  [0, 1],
  [70_000, 70_001],
  [65_535, 65_537],
  [10, 200_000],
  [199_999, 200_000],
])('bytes from %i up to %i', async (start, end) => {
  const { tier } = await openTier(cacheFolder());
  await keep(tier, headOf('/large'), LARGE);
  expect(await bodyOf(tier, headOf('/large'), { start, end })).toEqual(LARGE.subarray(start, end));
});

test('a body that comes in odd pieces, longer than was known when it began', async () => {
  const { tier } = await openTier(cacheFolder());
  const writer = tier.writer(headOf('/pieces'));
  for (let at = 0; at < LARGE.length; at += 777) await writer?.write(LARGE.subarray(at, at + 777));
  await writer?.finish();
  expect(await bodyOf(tier, headOf('/pieces'))).toEqual(LARGE);
});

test('a body is not visible before it is whole, and one that is given up leaves nothing', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  const writer = tier.writer(headOf('/a'));
  await writer?.write(LARGE);
  expect(await tier.find(headOf('/a').key)).toEqual([]);
  writer?.abandon();
  await writer?.finish();
  await tier.close();
  expect(await tier.find(headOf('/a').key)).toEqual([]);
  expect(readdirSync(join(folder, 'unfinished'))).toEqual([]);
});

test('a body that is shorter than was said is not kept', async () => {
  const { tier } = await openTier(cacheFolder());
  await keep(tier, headOf('/short', { length: 10 }), 'short');
  expect(await tier.find(headOf('/short').key)).toEqual([]);
});

test('a body that grows over the largest is not kept', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder, { largest: 100_000 });
  expect(tier.writer(headOf('/large', { length: LARGE.length }))).toBeNull();
  await keep(tier, headOf('/large'), LARGE);
  expect(await tier.find(headOf('/large').key)).toEqual([]);
});

test('variants of a key stand side by side; another key of the same URL is another entry', async () => {
  const { tier } = await openTier(cacheFolder());
  const french = headOf('/a', { variant: 'fr', id: '1' });
  const german = headOf('/a', { variant: 'de', id: '2' });
  const other = headOf('/a', { key: `${french.key}cookie`, id: '3' });
  await keep(tier, french, 'oui');
  await keep(tier, german, 'ja');
  await keep(tier, other, 'other');
  expect((await tier.find(french.key)).map(({ variant }) => variant).toSorted()).toEqual(['de', 'fr']);
  expect(String(await bodyOf(tier, german))).toBe('ja');
  expect(String(await bodyOf(tier, french))).toBe('oui');
  expect(String(await bodyOf(tier, other))).toBe('other');
});

test('who reads an answer goes on with it when it is replaced and removed', async () => {
  const { tier } = await openTier(cacheFolder());
  const head = headOf('/large');
  await keep(tier, head, LARGE);
  const body = await tier.read(head);
  await keep(tier, { ...head, id: 'another' }, 'replaced');
  await tier.remove({ key: head.key });
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece);
  expect(Buffer.concat(pieces)).toEqual(LARGE);
  expect(await bodyOf(tier, head)).toBeNull();
});

test('the body of a head that was replaced is a miss, not the new one', async () => {
  const { tier } = await openTier(cacheFolder());
  await keep(tier, headOf('/a', { id: 'old' }), 'old');
  await keep(tier, headOf('/a', { id: 'new' }), 'new');
  expect(await bodyOf(tier, headOf('/a', { id: 'old' }))).toBeNull();
  expect(String(await bodyOf(tier, headOf('/a', { id: 'new' })))).toBe('new');
});

test('an update changes the head of the same body, as often as it comes and however it grows', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  await keep(tier, headOf('/a'), LARGE);
  for (const count of [1, 2, 3, 100]) {
    const fields = Array.from({ length: count }, (_, index) => ['x-field', String(index)] as const);
    const changed = headOf('/a', { fields, length: LARGE.length });
    await tier.update(changed);
    expect(await tier.find(changed.key)).toEqual([changed]);
    expect(await bodyOf(tier, changed)).toEqual(LARGE);
  }
  const before = await tier.find(headOf('/a').key);
  await tier.update(headOf('/a', { id: 'of another body' }));
  await tier.update(headOf('/not-there'));
  expect(await tier.find(headOf('/a').key)).toEqual(before);
  expect(entryFiles(folder)).toHaveLength(1);
});

test('purges by key, by URL, by prefix and by tag, over what other workers and earlier runs have written', async () => {
  const folder = cacheFolder();
  const { tier: one } = await openTier(folder);
  const { tier: other } = await openTier(folder);
  const paths = ['/img/a', '/img/b', '/page', '/imgs'];
  for (const path of paths) await keep(one, headOf(path, { tags: [path.slice(1), 'all'] }), path);
  await keep(one, headOf('/page', { key: `${headOf('/page').key}cookie`, variant: 'de' }), 'page');
  const left = () => entryFiles(folder).length;
  expect(await other.remove({ key: 'https://example.com/nothing\n' })).toBe(0);
  expect(await other.remove({ prefix: 'https://example.com/page\n' })).toBe(2);
  expect(await other.remove({ prefix: 'https://example.com/img/' })).toBe(2);
  expect(left()).toBe(1);
  await one.close();
  expect(await other.remove({ tag: 'page' })).toBe(0);
  expect(await other.remove({ tag: 'imgs' })).toBe(1);
  await keep(other, headOf('/a'), 'a');
  expect(await other.remove({ key: headOf('/a').key })).toBe(1);
  expect(left()).toBe(0);
});

test('a purge gives up what is being written of it', async () => {
  const { tier } = await openTier(cacheFolder());
  const writer = tier.writer(headOf('/a', { tags: ['news'] }));
  await writer?.write(Buffer.from('before the purge'));
  await tier.remove({ tag: 'news' });
  await writer?.finish();
  expect(await tier.find(headOf('/a').key)).toEqual([]);
});

test('a file that was copied to the name of another entry is a miss, and goes', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  await keep(tier, headOf('/secret'), 'secret');
  const [secret = ''] = entryFiles(folder);
  await keep(tier, headOf('/public'), 'public');
  const open = entryFiles(folder).find((path) => path !== secret) ?? '';
  copyFileSync(secret, open);
  expect(await tier.find(headOf('/public').key)).toEqual([]);
  expect(entryFiles(folder)).toEqual([secret]);
  expect(await bodyOf(tier, headOf('/public'))).toBeNull();
  mkdirSync(join(folder, 'entries/000'), { recursive: true });
  copyFileSync(secret, join(folder, 'entries/000', basename(secret)));
  expect(String(await bodyOf(tier, headOf('/secret')))).toBe('secret');
});

test('a body that was tampered with is cut off, not passed on', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  const head = headOf('/large');
  await keep(tier, head, LARGE);
  const [path = ''] = entryFiles(folder);
  const size = statSync(path).size;
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(size - 100) ^ 1, size - 100);
  writeFileSync(path, bytes);
  await expect(bodyOf(tier, head)).rejects.toThrow(/not what was written/);
});

test('that an answer is used is remembered in the time of its file, not more than once a minute', async () => {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  const head = headOf('/a');
  await keep(tier, head, 'a');
  const [path = ''] = entryFiles(folder);
  const agoSeconds = (seconds: number) => utimesSync(path, Date.now() / 1000, Date.now() / 1000 - seconds);
  const ageMs = () => Date.now() - statSync(path).mtimeMs;
  agoSeconds(30);
  await bodyOf(tier, head);
  expect(ageMs()).toBeGreaterThan(29_000);
  agoSeconds(3600);
  await bodyOf(tier, head);
  expect(ageMs()).toBeLessThan(29_000);
  agoSeconds(3600);
  await tier.touch(head);
  expect(ageMs()).toBeLessThan(29_000);
});

test('only the owner can read what is kept, whatever the umask', async () => {
  const umask = process.umask(0);
  try {
    const folder = cacheFolder();
    const { tier } = await openTier(folder);
    await keep(tier, headOf('/a'), 'a');
    const modes = [
      folder,
      ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    ]
      .map((path) => statSync(path))
      .map((stat) => (stat.isDirectory() ? 'folder ' : 'file ') + (stat.mode & 0o777).toString(8));
    expect(new Set(modes)).toEqual(new Set(['folder 700', 'file 600']));
  } finally {
    process.umask(umask);
  }
});

test.each([['photo.jpg'], ['entries']])(
  'a folder that holds %s of somebody else is refused',
  async (name) => {
    const folder = cacheFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, name), 'mine');
    await expect(openTier(folder)).rejects.toThrow(
      `the folder ${folder} can not be used for the cache: it holds "${name}", which is not of a cache: choose an empty one`,
    );
    expect(readdirSync(folder)).toEqual([name]);
  },
);

test('a folder that others may write to is refused', async () => {
  const folder = cacheFolder();
  const umask = process.umask(0);
  mkdirSync(folder, { mode: 0o777 });
  process.umask(umask);
  await expect(openTier(folder)).rejects.toThrow(/others may write in it: give it mode 700/);
});

test('a folder that vanishes is a miss and one warning, and comes back', async () => {
  const folder = cacheFolder();
  const { tier, lines } = await openTier(folder);
  await keep(tier, headOf('/a'), 'a');
  await poll(() => 'diskEntries' in tier.status());
  rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 50 });
  writeFileSync(folder, 'no folder');
  expect(await tier.find(headOf('/a').key)).toEqual([]);
  expect(await bodyOf(tier, headOf('/a'))).toBeNull();
  expect(await tier.remove({ tag: 'x' })).toBe(0);
  await keep(tier, headOf('/b'), LARGE);
  await keep(tier, headOf('/c'), LARGE);
  expect(lines.map(({ message }) => message)).toEqual([
    'the disk of the cache fails: what lies there is fetched again, and nothing more is kept there until it works',
  ]);
  rmSync(folder);
  await expect.poll(() => keep(tier, headOf('/d'), 'd')).toBe(true);
  expect(String(await bodyOf(tier, headOf('/d')))).toBe('d');
});

test('a disk that can not be written to is no reason not to start', async () => {
  const folder = cacheFolder();
  writeFileSync(join(dirname(folder), 'file'), '');
  const { tier, lines } = await openTier(join(dirname(folder), 'file/cache'));
  await keep(tier, headOf('/a'), 'a');
  expect(await tier.find(headOf('/a').key)).toEqual([]);
  expect(lines).toHaveLength(1);
});
