import { writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntryFile } from '../../../../../plugins/builtin/cache/disk/entry-file.ts';
import { blockCrc } from '../../../../../plugins/builtin/cache/disk/entry-format.ts';
import { bodyOf, cacheFolder, entryFiles, headOf, keep, openTier } from './support.ts';

const OLD = headOf('/a', { length: 100_000, tags: ['old'] });
const NEW = headOf('/a', { length: 100_000, tags: ['new', 'longer'] });
const BODY = Buffer.alloc(100_000, 'tidegate ');

/** A file whose head was changed once, so that both slots hold one. */
async function fileOfAnEntry(): Promise<Buffer> {
  const folder = cacheFolder();
  const { tier } = await openTier(folder);
  await keep(tier, OLD, BODY);
  await tier.update(NEW);
  expect(await bodyOf(tier, NEW)).toEqual(BODY);
  const [path = ''] = entryFiles(folder);
  return readFile(path);
}

/** What is served: by the tags of its head, where all else is right. */
type Seen = 'miss' | 'old' | 'new' | 'wrong';

/** What is served of a file with this content. */
async function seen(path: string, content: Buffer): Promise<Seen> {
  writeFileSync(path, content);
  const file = await EntryFile.open(path);
  if (file === null) return 'miss';
  try {
    const blocks = [await file.block(0), await file.block(1)];
    if (blocks.includes(null)) return 'miss';
    if (!Buffer.concat(blocks.filter((block) => block !== null)).equals(BODY)) return 'wrong';
    const json = JSON.stringify(file.start.head);
    if (json === JSON.stringify(NEW)) return 'new';
    return json === JSON.stringify(OLD) ? 'old' : 'wrong';
  } finally {
    await file.close();
  }
}

async function ownFile(): Promise<string> {
  const folder = cacheFolder();
  await mkdir(folder);
  return `${folder}/file`;
}

test('a file that was cut off anywhere, or has something behind it, is a miss', async () => {
  const whole = await fileOfAnEntry();
  const path = await ownFile();
  expect(await seen(path, whole)).toBe('new');
  expect(await seen(path, Buffer.concat([whole, Buffer.from([0])]))).toBe('miss');
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
      expect(await seen(path, whole.subarray(0, length))).toBe('miss');
    }),
    { numRuns: 200 },
  );
});

test('a flipped bit anywhere is a miss, or changes nothing, or shows the head from before', async () => {
  const whole = await fileOfAnEntry();
  const path = await ownFile();
  await fc.assert(
    fc.asyncProperty(
      // Half of them in front of the body.
      fc.oneof(fc.nat(2000), fc.nat(whole.length - 1)),
      fc.nat(7),
      async (at, bit) => {
        const flipped = Buffer.from(whole);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
        expect(await seen(path, flipped)).not.toBe('wrong');
      },
    ),
    { numRuns: 400 },
  );
});

test('a stretch of zeros, as after a loss of power, is a miss or changes nothing', async () => {
  const whole = await fileOfAnEntry();
  const path = await ownFile();
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 70_000 }), async (at, length) => {
      const zeroed = Buffer.from(whole).fill(0, at, Math.min(whole.length, at + length));
      expect(await seen(path, zeroed)).not.toBe('wrong');
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['nothing', ''],
  ['text', 'hello'],
  ['the first bytes alone', 'tgcache1'],
  ['zeros', Buffer.alloc(10_000)],
])('a file of %s is a miss', async (_what, content) => {
  expect(await seen(await ownFile(), Buffer.from(content))).toBe('miss');
});

test('a block fits its own place and body alone', () => {
  const content = Buffer.from('content');
  const crcs = [blockCrc('a', 0, content), blockCrc('a', 1, content), blockCrc('b', 0, content)];
  expect(new Set(crcs).size).toBe(3);
});
