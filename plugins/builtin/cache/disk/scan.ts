import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, unlinkSync } from 'node:fs';
import type { StoredHead } from '../stored-answer.ts';
import type { CacheFolder } from './cache-folder.ts';
import { decodeStart, readStartBytes } from './entry-format.ts';
import { isEntryFile, isShard, type EntryName } from './entry-name.ts';
import { codeOf } from './trouble.ts';

/** For the thread that goes through all files. What has gone meanwhile is passed over. */

/** The names of all entries. */
export function* entryNames(folder: CacheFolder): Generator<EntryName, undefined> {
  for (const shard of readdirSync(folder.entries).filter(isShard)) {
    const files = orNull(() => readdirSync(folder.shard(shard))) ?? [];
    for (const file of files) if (isEntryFile(file)) yield { shard, file };
  }
}

/** Holds the beginnings of most files. */
const beginning = Buffer.alloc(16 * 1024);

/** null: there is none. */
export function readHead(path: string): StoredHead | null {
  const file = orNull(() => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (file === null) return null;
  try {
    if (!fstatSync(file).isFile()) return null;
    const read = beginning.subarray(0, readSync(file, beginning, 0, beginning.length, 0));
    const needed = readStartBytes(read);
    if (needed === null) return null;
    if (needed <= read.length) return decodeStart(read)?.head ?? null;
    const whole = Buffer.alloc(needed);
    return decodeStart(whole.subarray(0, readSync(file, whole, 0, needed, 0)))?.head ?? null;
  } finally {
    closeSync(file);
  }
}

/** False: it had gone. */
export function removeNow(path: string): boolean {
  return orNull(() => unlinkSync(path)) !== null;
}

/** null: there is no such file. @throws what else the file system throws. */
function orNull<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(codeOf(error) ?? '')) return null;
    throw error;
  }
}
