import { mkdir, readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EntryName } from './entry-name.ts';
import { codeOf } from './trouble.ts';

/** Says whose the folder is. */
const MARK = 'tidegate-cache';
const OWN = new Set([MARK, 'entries', 'members', 'unfinished']);
/** Others than the owner may write in it. */
const OTHERS_WRITE = 0o022;

/** Where the files of a cache lie. */
export class CacheFolder {
  readonly path: string;
  /** Folders of entries, by the first characters of their names. */
  readonly entries: string;
  /** A file for each worker that uses it. */
  readonly members: string;
  /** Files that are being written: in the same file system, so that they can be renamed into their place. */
  readonly unfinished: string;

  constructor(path: string) {
    this.path = path;
    this.entries = join(path, 'entries');
    this.members = join(path, 'members');
    this.unfinished = join(path, 'unfinished');
  }

  shard(name: string): string {
    return join(this.entries, name);
  }

  entry({ shard, file }: EntryName): string {
    return join(this.entries, shard, file);
  }

  /** Makes it, or takes it over from those before. @throws {ForeignFolder} and what the file system throws. */
  async claim(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const { mode, uid } = await stat(this.path);
    // Who owns it puts into it what he likes.
    if (uid !== (process.getuid?.() ?? uid))
      throw new ForeignFolder(this.path, 'it belongs to another user: choose another one');
    if ((mode & OTHERS_WRITE) !== 0)
      throw new ForeignFolder(this.path, 'others may write in it: give it mode 700, or choose another one');
    const foreign = (await readdir(this.path)).find((name) => !OWN.has(name));
    if (foreign !== undefined) throw new ForeignFolder(this.path, holdsOther(foreign));
    await this.restore();
  }

  /** Makes what is missing; workers may do so at the same time. @throws {ForeignFolder} and what the file system throws. */
  async restore(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const names = await readdir(this.path);
    const [other] = names;
    if (other !== undefined && !names.includes(MARK)) throw new ForeignFolder(this.path, holdsOther(other));
    // First: a folder with something in it and without the mark is somebody else's.
    await writeFile(join(this.path, MARK), 'Files of the cache of Tidegate. All of it may be deleted.\n', {
      mode: 0o600,
      flag: 'wx',
    }).catch(passOver('EEXIST'));
    for (const folder of [this.entries, this.members, this.unfinished]) {
      await mkdir(folder, { mode: 0o700 }).catch(passOver('EEXIST'));
    }
  }
}

function holdsOther(name: string): string {
  return `it holds ${JSON.stringify(name)}, which is not of a cache: choose an empty one`;
}

/** It is not to be touched. */
export class ForeignFolder extends Error {
  constructor(path: string, why: string) {
    super(`the folder ${path} can not be used for the cache: ${why}`);
  }
}

/** It may have gone already. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch(passOver('ENOENT'));
}

/** For `catch`: such an error is no failure. */
export function passOver(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(codeOf(error) ?? '')) throw error;
    return undefined;
  };
}
