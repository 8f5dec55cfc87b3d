import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CacheFolder } from './cache-folder.ts';
import { diskBytes, exceeds, minus, type Counts } from './counts.ts';
import type { SweepTask } from './disk-task.ts';
import { OldestFiles } from './oldest-files.ts';
import { entryNames, removeNow } from './scan.ts';

/** Their names are kept until all have been seen. */
const MOST_REMOVED = 30_000;

/**
 * Counts all entries, removes those that were not used for the longest where there are too many, and removes what
 * workers that died have left unfinished. What is to be removed beyond `MOST_REMOVED` waits for the next sweep.
 * @returns what is there afterwards.
 */
export function sweep({ folder: path, most, target, live }: SweepTask): Counts {
  const folder = new CacheFolder(path);
  removeUnfinished(folder, new Set(live));
  const oldest = new OldestFiles(MOST_REMOVED);
  let left: Counts = { bytes: 0, entries: 0 };
  for (const name of entryNames(folder)) {
    const found = statSync(folder.entry(name), { throwIfNoEntry: false });
    if (found === undefined) continue;
    const bytes = diskBytes(found.size);
    left = { bytes: left.bytes + bytes, entries: left.entries + 1 };
    oldest.add({ name, bytes, usedAtMs: found.mtimeMs });
  }
  if (!exceeds(left, most)) return left;
  for (const { name, bytes, usedAtMs } of oldest.sorted()) {
    if (!exceeds(left, target)) break;
    const found = statSync(folder.entry(name), { throwIfNoEntry: false });
    // It was used after all.
    if (found !== undefined && found.mtimeMs > usedAtMs) continue;
    removeNow(folder.entry(name));
    left = minus(left, { bytes, entries: 1 });
  }
  return left;
}

function removeUnfinished(folder: CacheFolder, live: ReadonlySet<string>): void {
  for (const name of readdirSync(folder.unfinished)) {
    if (!live.has(name.slice(0, name.indexOf('.')))) removeNow(join(folder.unfinished, name));
  }
}
