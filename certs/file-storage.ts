import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { FileLock, type LockTiming } from './file-lock.ts';
import { codeOf, flushFolder, isAbsence, makePrivateFolder, writePrivateFile } from './private-files.ts';
import { checkKey, StorageError, type Storage } from './storage.ts';

/** No key begins with a dot, so these are never in the way of one. */
const UNFINISHED = '.unfinished';
const LOCKS = '.locks';

/** What a crash left half-written is removed after this time; no write takes so long. */
const UNFINISHED_MS = 60 * 60 * 1000;

/**
 * A folder, readable for its owner alone: one file an entry, the key as its path. Written aside, flushed and renamed
 * into place, so that neither a crash nor a power failure leaves half an entry. Processes may share it.
 */
export class FileStorage implements Storage {
  readonly folder: string;
  readonly #timing: LockTiming | undefined;
  readonly #locks = new Map<string, FileLock>();

  /** `folder`: absolute; created when something is stored. `timing`: of locks. */
  constructor(folder: string, timing?: LockTiming) {
    this.folder = folder;
    this.#timing = timing;
  }

  /** Creates the folder, finds out whether it can be written, and clears away what a crash left. Throws StorageError. */
  async prepare(): Promise<void> {
    await this.#guarded('written', async () => {
      const aside = await this.#writeAside('');
      await rm(aside);
      const folder = dirname(aside);
      for (const name of await readdir(folder)) {
        const file = join(folder, name);
        const found = await stat(file).catch(() => null);
        if (found !== null && Date.now() - found.mtimeMs > UNFINISHED_MS) await rm(file, { force: true });
      }
    });
  }

  async load(key: string): Promise<Buffer | null> {
    const path = this.#path(key);
    return this.#guarded('read', async () => {
      try {
        return await readFile(path);
      } catch (error) {
        if (isAbsence(error)) return null;
        throw error;
      }
    });
  }

  async store(key: string, value: string | Buffer): Promise<void> {
    const path = this.#path(key);
    await this.#guarded('written', async () => {
      const aside = await this.#writeAside(value);
      try {
        await this.#intoPlace(aside, path);
      } catch (error) {
        await rm(aside, { force: true });
        throw error;
      }
      await flushFolder(dirname(path));
    });
  }

  async list(prefix: string): Promise<readonly string[]> {
    const folder = prefix === '' ? this.folder : this.#path(prefix);
    const keys: string[] = [];
    await this.#guarded('read', () => collectKeys(folder, prefix === '' ? [] : [prefix], keys));
    return keys.toSorted();
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    await this.#guarded('written', async () => {
      try {
        await rm(path);
      } catch (error) {
        if (isAbsence(error)) return;
        throw error;
      }
      await flushFolder(dirname(path));
      await this.#removeEmpty(dirname(path));
    });
  }

  async lock(name: string, signal: AbortSignal): Promise<() => Promise<void>> {
    checkKey(name);
    signal.throwIfAborted();
    let lock = this.#locks.get(name);
    if (lock === undefined) {
      lock = new FileLock(join(this.folder, LOCKS, ...name.split('/')), this.#timing);
      this.#locks.set(name, lock);
    }
    const { acquire } = lock;
    try {
      const release = await this.#guarded('written', () => acquire(signal));
      return async () => {
        await release();
        this.#forget(name);
      };
    } catch (error) {
      this.#forget(name);
      throw error;
    }
  }

  /** A name comes and goes: only what somebody holds or waits for is remembered. */
  #forget(name: string): void {
    if (this.#locks.get(name)?.idle === true) this.#locks.delete(name);
  }

  #path(key: string): string {
    checkKey(key);
    return join(this.folder, ...key.split('/'));
  }

  async #writeAside(value: string | Buffer): Promise<string> {
    const folder = join(this.folder, UNFINISHED);
    await makePrivateFolder(folder);
    const path = join(folder, randomUUID());
    await writePrivateFile(path, value, true);
    return path;
  }

  async #intoPlace(aside: string, path: string): Promise<void> {
    for (let left = 10; ; left -= 1) {
      await makePrivateFolder(dirname(path));
      try {
        await rename(aside, path);
        return;
      } catch (error) {
        // A `delete` of its last entry removed the folder meanwhile.
        if (codeOf(error) !== 'ENOENT' || left === 0) throw error;
      }
    }
  }

  async #removeEmpty(folder: string): Promise<void> {
    if (!folder.startsWith(this.folder + sep)) return;
    try {
      await rmdir(folder);
    } catch {
      // Something else is in it, or somebody else was faster.
      return;
    }
    await this.#removeEmpty(dirname(folder));
  }

  async #guarded<T>(verb: 'read' | 'written', act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      const code = codeOf(error);
      // What is no failure of the file system is not ours to word.
      if (code === null || !(error instanceof Error)) throw error;
      const reason = REASONS[code] ?? error.message;
      throw new StorageError(
        `the storage of certificates cannot be ${verb}: ${reason}: ${this.folder}`,
        error,
      );
    }
  }
}

/** What it is, and what to do. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied (give it to the user that Tidegate runs as)',
  EPERM: 'permission denied (give it to the user that Tidegate runs as)',
  EROFS: 'the file system is read-only (mount it so that it can be written)',
  ENOSPC: 'no space left on the device (make room there)',
  EDQUOT: 'the disk quota is exceeded (make room, or raise it)',
  ENOTDIR: 'a file is where a folder should be',
};

async function collectKeys(folder: string, above: readonly string[], keys: string[]): Promise<void> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsence(error)) return;
    throw error;
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) await collectKeys(join(folder, entry.name), [...above, entry.name], keys);
    else if (entry.isFile()) keys.push([...above, entry.name].join('/'));
  }
}
