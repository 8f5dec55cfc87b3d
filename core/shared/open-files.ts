import { readFileSync } from 'node:fs';

/** Where the system does not say: what most give a service. */
const USUAL = 1024;

/** How many file descriptors this process may have. */
export function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? USUAL : Number(soft);
  } catch {
    return USUAL; // only Linux tells
  }
}
