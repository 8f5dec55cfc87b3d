import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN_FOLDERS = [
  fileURLToPath(new URL('.', import.meta.url)),
  fileURLToPath(new URL('../core/', import.meta.url)),
];

/** The name of the first module of every bundle, which no file holds. */
export const ENTRY_NAME = 'tidegate-entry';

/** Whether an absolute path is the sandbox's own runtime, which is bundled into every script. */
export function isOwnFile(file: string): boolean {
  return basename(file) === ENTRY_NAME || OWN_FOLDERS.some((folder) => file.startsWith(folder));
}
