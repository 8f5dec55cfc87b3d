import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The absolute path of a program on the PATH (or where system daemons lie), or null. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not there: look in the next folder.
    }
  }
  return null;
}
