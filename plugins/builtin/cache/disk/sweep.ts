import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { passOver, removeFile, type CacheFolder } from './cache-folder.ts';
import { diskBytes, exceeds, minus, type Counts } from './counts.ts';
import type { DiskQueue } from './disk-queue.ts';
import { isEntryFile, isShard, type EntryName } from './entry-name.ts';
import { OldestFiles, type SeenFile } from './oldest-files.ts';

/** Their names are kept until all have been seen. */
const MOST_REMOVED = 30_000;

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
 * workers that died have left unfinished. What is to be removed beyond `MOST_REMOVED` waits for the next sweep.
 * @returns what is there afterwards.
 */
export async function sweep(settings: SweepSettings): Promise<Counts> {
  await removeUnfinished(settings);
  const oldest = new OldestFiles(MOST_REMOVED);
  let left: Counts = { bytes: 0, entries: 0 };
  for await (const file of files(settings)) {
    left = { bytes: left.bytes + file.bytes, entries: left.entries + 1 };
    oldest.add(file);
  }
  if (!exceeds(left, settings.most)) return left;
  for (const { name, bytes, usedAtMs } of oldest.sorted()) {
    if (!exceeds(left, settings.target) || settings.signal.aborted) return left;
    const isGone = await settings.queue.run(() => removeUnused(settings.folder.entry(name), usedAtMs));
    if (isGone) left = minus(left, { bytes, entries: 1 });
  }
  return left;
}

/** False: it was used after all. */
async function removeUnused(path: string, usedAtMs: number): Promise<boolean> {
  const found = await stat(path).catch(passOver('ENOENT'));
  if (found !== undefined && found.mtimeMs > usedAtMs) return false;
  await removeFile(path);
  return true;
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
