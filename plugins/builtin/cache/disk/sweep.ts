import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { passOver, removeFile, type CacheFolder } from './cache-folder.ts';
import { diskBytes, exceeds, minus, type Counts } from './counts.ts';
import type { DiskQueue } from './disk-queue.ts';
import { isEntryFile, isShard, type EntryName } from './entry-name.ts';
import { UseTally } from './use-tally.ts';

export interface SweepSettings {
  readonly folder: CacheFolder;
  readonly queue: DiskQueue;
  /** More than this is too much. */
  readonly most: Counts;
  /** What is left where there is too much. */
  readonly target: Counts;
  /** Whether who began an unfinished file still works. */
  readonly isLive: (owner: string) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Counts all entries, removes those that were not used for the longest where there are too many, and removes what
 * workers that died have left unfinished. Reads the folders twice instead of keeping a list: it may be long.
 * @returns what is there afterwards.
 */
export async function sweep(settings: SweepSettings): Promise<Counts> {
  await removeUnfinished(settings);
  const tally = new UseTally(Date.now());
  for await (const file of files(settings)) tally.add(file.usedAtMs, file.bytes);
  const cut = exceeds(tally.total, settings.most) ? tally.cut(settings.target) : null;
  if (cut === null) return tally.total;
  let left = tally.total;
  let { spare } = cut;
  for await (const file of files(settings)) {
    const bucket = tally.bucketOf(file.usedAtMs);
    if (bucket < cut.bucket) continue;
    const one: Counts = { bytes: file.bytes, entries: 1 };
    if (bucket === cut.bucket && !exceeds(one, spare)) {
      spare = minus(spare, one);
      continue;
    }
    await settings.queue.run(() => removeFile(settings.folder.entry(file.name)));
    left = minus(left, one);
  }
  return left;
}

/** The names of all entries, a folder at a time. */
export async function* entryNames(
  folder: CacheFolder,
  queue: DiskQueue,
  signal: AbortSignal,
): AsyncGenerator<readonly EntryName[], undefined> {
  const shards = await queue.run(() => readdir(folder.entries));
  for (const shard of shards.filter(isShard)) {
    if (signal.aborted) return;
    const names = await queue.run(() => readdir(folder.shard(shard)).catch(passOver('ENOENT', 'ENOTDIR')));
    yield (names ?? []).filter(isEntryFile).map((file) => ({ shard, file }));
  }
}

interface SeenFile {
  readonly name: EntryName;
  readonly bytes: number;
  readonly usedAtMs: number;
}

async function* files({ folder, queue, signal }: SweepSettings): AsyncGenerator<SeenFile, undefined> {
  for await (const names of entryNames(folder, queue, signal)) {
    for (const name of names) {
      const found = await queue.run(() => stat(folder.entry(name)).catch(passOver('ENOENT')));
      if (found !== undefined) yield { name, bytes: diskBytes(found.size), usedAtMs: found.mtimeMs };
    }
  }
}

async function removeUnfinished({ folder, queue, isLive }: SweepSettings): Promise<void> {
  for (const name of await queue.run(() => readdir(folder.unfinished))) {
    const owner = name.slice(0, name.indexOf('.'));
    if (!isLive(owner)) await queue.run(() => removeFile(join(folder.unfinished, name)));
  }
}
