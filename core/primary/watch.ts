import { createHash } from 'node:crypto';
import { readFileSync, statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { watchedNames, type SeenEntries } from './watched-names.ts';

/** Long enough for an editor to finish its dance of write, rename and chmod. */
const debounceMs = 100;
const FILES_A_TURN = 100;
/** What an import can name. */
const sourceName = /\.(?:[cm]?[jt]sx?|json)$/;

interface WatchedFolder {
  readonly watcher: FSWatcher;
  readonly names: ReadonlySet<string>;
  /** Which folder it really is: one that was replaced by another of its name sends no more events. */
  readonly inode: string;
}

/** Tells when the contents of any of a set of files have changed. */
export class InputWatcher {
  readonly #onChange: (files: readonly string[]) => void;
  readonly #onError: (error: unknown, folder: string) => void;
  readonly #folders = new Map<string, WatchedFolder>();
  /** Content hash by file; what was last acted upon. */
  #hashes = new Map<string, string>();
  #newOnes = false;
  readonly #appeared = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #comparing = false;
  #closed = false;

  /** `onError`: a folder cannot be watched, for want of inotify watches for instance. */
  constructor(
    onChange: (files: readonly string[]) => void,
    onError: (error: unknown, folder: string) => void,
  ) {
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /**
   * Watches these files (absolute paths, which need not exist) from now on. Those watched before keep what they were
   * last seen with. 'and new ones': a source file that appears beside one of them counts as a change too, because
   * nobody knows which name an import that did not resolve was meant to find.
   */
  watch(files: readonly string[], which: 'these' | 'and new ones'): void {
    if (this.#closed) return;
    this.#newOnes = which === 'and new ones';
    this.#appeared.clear();
    this.#hashes = new Map(files.map((file) => [file, this.#hashes.get(file) ?? contentHash(file)]));
    this.#rearm();
  }

  /** What the files hold now is about to be read by somebody, and is no news any more. */
  markRead(): void {
    for (const file of this.#hashes.keys()) this.#hashes.set(file, contentHash(file));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #heard(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#compare(), debounceMs);
  }

  async #compare(): Promise<void> {
    if (this.#comparing) return this.#heard();
    this.#comparing = true;
    this.#rearm();
    const hashes = this.#hashes;
    const found = new Map<string, string>();
    let read = 0;
    for (const [file, before] of hashes) {
      const now = contentHash(file);
      if (now !== before) found.set(file, now);
      read += 1;
      // Workers wait for the primary, and there may be tens of thousands of certificates.
      if (read % FILES_A_TURN === 0) await nextTurn();
    }
    this.#comparing = false;
    if (this.#closed) return;
    // Other files are watched by now: what was found may be about some of them.
    if (hashes !== this.#hashes) return this.#heard();
    const changed = [...this.#appeared];
    this.#appeared.clear();
    for (const [file, now] of found) {
      if (hashes.get(file) === now) continue;
      hashes.set(file, now);
      changed.push(file);
    }
    if (changed.length > 0) this.#onChange(changed);
  }

  /** Watches the folders that matter now: links and folders may have been replaced. */
  #rearm(): void {
    const wanted = new Map<string, Set<string>>();
    // Most files share their folders.
    const seen: SeenEntries = new Map();
    for (const file of this.#hashes.keys()) {
      for (const [folder, names] of watchedNames(file, seen)) {
        const known = wanted.get(folder);
        if (known === undefined) wanted.set(folder, names);
        else for (const name of names) known.add(name);
      }
    }
    for (const [folder, { watcher, inode }] of this.#folders) {
      if (wanted.has(folder) && inodeOf(folder) === inode) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const [folder, names] of wanted) this.#watchFolder(folder, names);
  }

  /** A log file in the same folder is none of our business. */
  #concerns(folder: string, event: string, name: string | null): boolean {
    if (name === null || this.#folders.get(folder)?.names.has(name) === true) return true;
    if (this.#newOnes && event === 'rename' && sourceName.test(name)) {
      this.#appeared.add(join(folder, name));
      return true;
    }
    // The folder's own name comes when it is moved or removed itself.
    return name === basename(folder);
  }

  #watchFolder(folder: string, names: ReadonlySet<string>): void {
    const existing = this.#folders.get(folder);
    if (existing !== undefined) {
      this.#folders.set(folder, { ...existing, names });
      return;
    }
    try {
      const inode = inodeOf(folder);
      const watcher = watch(folder, (event, name) => {
        if (this.#concerns(folder, event, name)) this.#heard();
      });
      watcher.on('error', (error) => this.#onError(error, folder));
      this.#folders.set(folder, { watcher, names, inode });
    } catch (error) {
      // It vanished since it was seen: look again, and watch the folder above for it.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') this.#heard();
      else this.#onError(error, folder);
    }
  }
}

function inodeOf(folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}`;
}

function contentHash(file: string): string {
  try {
    // A pipe would be waited for without end, and has no contents to compare.
    if (!statSync(file).isFile()) return 'unreadable';
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch {
    return 'unreadable';
  }
}
