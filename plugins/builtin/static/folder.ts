import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** An open file: whoever has it closes it. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly modifiedNs: bigint;
  /** Below the folder, with a slash in front: what it was asked for by, not where links lead. */
  readonly path: string;
}

/** What is not there, or is nobody's business. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EACCES', 'ENXIO', 'EINVAL']);

/** A folder, out of which no path and no link leads. */
export class Folder {
  readonly #root: string;
  readonly #dotFiles: boolean;

  constructor(root: string, dotFiles: boolean) {
    this.#root = root;
    this.#dotFiles = dotFiles;
  }

  /** The folder itself may be a link that is turned elsewhere at any time: it is followed anew for each file. */
  async open(segments: readonly string[]): Promise<OpenFile | 'folder' | null> {
    try {
      const root = await realpath(this.#root);
      const file = await realpath(join(root, ...segments));
      if (!this.#holds(root, file)) return null;
      return await openFile(file, `/${segments.join('/')}`);
    } catch (error) {
      if (error instanceof Error && 'code' in error && NOT_THERE.has(String(error.code))) return null;
      throw error;
    }
  }

  #holds(root: string, file: string): boolean {
    if (file === root) return true;
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) return false;
    return (
      this.#dotFiles ||
      !relative(root, file)
        .split(sep)
        .some((name) => name.startsWith('.'))
    );
  }
}

async function openFile(file: string, path: string): Promise<OpenFile | 'folder' | null> {
  // Not to wait for who writes into a pipe, nor to follow a link that was put there just now.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat({ bigint: true });
    if (stat.isFile()) return { handle, bytes: Number(stat.size), modifiedNs: stat.mtimeNs, path };
    await handle.close();
    return stat.isDirectory() ? 'folder' : null;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
