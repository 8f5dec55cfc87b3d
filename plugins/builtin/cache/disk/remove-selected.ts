import { isSelected } from '../selected.ts';
import { CacheFolder } from './cache-folder.ts';
import type { RemoveTask } from './disk-task.ts';
import { entryNames, readHead, removeNow } from './scan.ts';

/** Removes all whose heads are of a selection. @returns how many for each of them; what is of several counts for the first. */
export function removeSelected({ folder: path, selections }: RemoveTask): number[] {
  const folder = new CacheFolder(path);
  const removed = selections.map(() => 0);
  for (const name of entryNames(folder)) {
    const head = readHead(folder.entry(name));
    if (head === null) continue;
    const index = selections.findIndex((selection) => isSelected(head, selection));
    if (index !== -1 && removeNow(folder.entry(name))) removed[index] = (removed[index] ?? 0) + 1;
  }
  return removed;
}
