import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

export type FileText =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly found: string };

/**
 * Reads a file, or says what was found instead: `no such file`, `a folder`, `a pipe …`. Only a regular file is opened,
 * or a link to one: a pipe without a writer would be waited for without end, and a reload has to read it again.
 */
export async function readRegularFile(file: string): Promise<FileText> {
  const found = await whyNoRegularFile(file);
  if (found !== undefined) return { ok: false, found };
  try {
    return { ok: true, text: await readFile(file, 'utf8') };
  } catch (error) {
    return { ok: false, found: reason(error) };
  }
}

/** undefined: there is a regular file. */
export async function whyNoRegularFile(file: string): Promise<string | undefined> {
  try {
    return otherKind(await stat(file));
  } catch (error) {
    return reason(error);
  }
}

function otherKind(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'a folder';
  const kind = stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device';
  return `${kind}, where only regular files are read`;
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  return error instanceof Error ? error.message : String(error);
}
