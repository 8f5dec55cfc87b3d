import { lstatSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';

const mostLinks = 40;

/** What was found at a path; undefined: nothing. Good for one look at many files. */
export type SeenEntries = Map<string, Stats | undefined>;

/**
 * Which folders to watch, and which names in each, to hear of every way in which the file at `path` can
 * become another: an edit, a replacement by rename, a change of any symlink on the way (Kubernetes
 * swaps a folder's link for all files at once), the appearing of a folder that is missing.
 */
export function watchedNames(path: string, seen: SeenEntries = new Map()): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  let target = resolve(path);
  for (let links = 0; links < mostLinks; links++) {
    const next = firstLink(target, names, seen);
    if (next === null) break;
    target = next;
  }
  return names;
}

/** Notes what decides on `path`, up to its first symlink; returns the path with that link followed, or null without one. */
function firstLink(path: string, names: Map<string, Set<string>>, seen: SeenEntries): string | null {
  const { root } = parse(path);
  const parts = path
    .slice(root.length)
    .split(sep)
    .filter((part) => part !== '');
  let folder = root;
  for (const [index, part] of parts.entries()) {
    const here = join(folder, part);
    const last = index === parts.length - 1;
    const stat = last ? entryAt(here) : folderAt(here, seen);
    if (last || stat === undefined || stat.isSymbolicLink()) {
      const known = names.get(folder) ?? new Set();
      names.set(folder, known.add(part));
    }
    if (stat === undefined) return null;
    if (stat.isSymbolicLink()) {
      const link = readlinkSync(here);
      const base = isAbsolute(link) ? link : join(dirname(here), link);
      return resolve(base, ...parts.slice(index + 1));
    }
    folder = here;
  }
  return null;
}

function folderAt(path: string, seen: SeenEntries): Stats | undefined {
  if (!seen.has(path)) seen.set(path, entryAt(path));
  return seen.get(path);
}

/** undefined also where it may not be looked at, or something on the way is no folder. */
function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
