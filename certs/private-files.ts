import { chmod, mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A folder above may be removed as often as it is made: `delete` takes those that are empty with it. */
const TRIES = 10;

/**
 * Makes a folder with every one above that is missing, for its owner alone whatever the umask is, and all of them safe
 * from a power failure.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  for (let left = TRIES; ; left -= 1)
    try {
      await mkdir(folder, { mode: 0o700 });
      break;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return;
      if (codeOf(error) !== 'ENOENT' || left === 0 || dirname(folder) === folder) throw error;
      await makePrivateFolder(dirname(folder));
    }
  // The umask takes away from what `mkdir` is told.
  await chmod(folder, 0o700).catch(ignoreAbsence);
  await flushFolder(dirname(folder));
}

/** Writes a file that is not there yet, for its owner alone whatever the umask is. What could not be written whole is removed again. */
export async function writePrivateFile(path: string, value: string | Buffer, flush: boolean): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await fill(file, value, flush);
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function fill(file: FileHandle, value: string | Buffer, flush: boolean): Promise<void> {
  try {
    await file.chmod(0o600);
    await file.writeFile(value);
    if (flush) await file.sync();
  } finally {
    await file.close();
  }
}

/** So that what was put into it, or taken out, stays so after a power failure. */
export async function flushFolder(folder: string): Promise<void> {
  let handle;
  try {
    handle = await open(folder, 'r');
  } catch {
    // Removed again meanwhile, or above all that is ours to read.
    return;
  }
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems flush no folders.
    if (codeOf(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}

/** Of a failure of the file system: `ENOENT`; null: it is none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}

export function isAbsence(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function ignoreAbsence(error: unknown): void {
  if (!isAbsence(error)) throw error;
}
