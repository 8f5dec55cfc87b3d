import { readdir } from 'node:fs/promises';
import { isSelected } from '../selected.ts';
import type { Selection } from '../stored-answer.ts';
import { passOver, removeFile, type CacheFolder } from './cache-folder.ts';
import type { DiskQueue } from './disk-queue.ts';
import type { EntryFile } from './entry-file.ts';
import { isWholeUrl, nameStartOfKey, nameStartOfUrl, type EntryName, type NameStart } from './entry-name.ts';
import { entryNames } from './sweep.ts';

/**
 * Removes what the selection names: for a key and for a URL the files with these names, else all whose heads say so, which
 * are read for it, one after the other. @returns how many.
 */
export async function removeSelected(
  folder: CacheFolder,
  queue: DiskQueue,
  open: (name: EntryName) => Promise<EntryFile | null>,
  selection: Selection,
  signal: AbortSignal,
): Promise<number> {
  const start = nameStartOf(selection);
  if (start !== null) return removeByName(folder, queue, start);
  let removed = 0;
  for await (const names of entryNames(folder, queue, signal)) {
    for (const name of names) {
      const isGone = await queue.run(async () => {
        const file = await open(name);
        if (file === null) return false;
        await file.close();
        if (!isSelected(file.start.head, selection)) return false;
        await removeFile(folder.entry(name));
        return true;
      });
      if (isGone) removed += 1;
    }
  }
  return removed;
}

function nameStartOf(selection: Selection): NameStart | null {
  if ('key' in selection) return nameStartOfKey(selection.key);
  if ('prefix' in selection && isWholeUrl(selection.prefix)) return nameStartOfUrl(selection.prefix);
  return null;
}

async function removeByName(
  folder: CacheFolder,
  queue: DiskQueue,
  { shard, start }: NameStart,
): Promise<number> {
  const names = await queue.run(() => readdir(folder.shard(shard)).catch(passOver('ENOENT')));
  const files = (names ?? []).filter((file) => file.startsWith(start));
  for (const file of files) await queue.run(() => removeFile(folder.entry({ shard, file })));
  return files.length;
}
