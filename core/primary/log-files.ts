import { closeSync, constants, fchownSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import type { LogConfig } from '../shared/config-types.ts';
import type { Identity } from './identity.ts';

/** A FIFO that nobody reads must not hold the process up, and a link is not followed. */
const openFlags =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Makes the log files belong to whom the workers run as, so that root's folder can hold them: a worker
 * may write and re-open an existing file there, but not make one. Returns what went wrong.
 */
export function prepareLogFiles(log: LogConfig, identity: Identity | null): readonly string[] {
  if (identity === null) return [];
  const problems: string[] = [];
  for (const file of new Set([log.file, log.access?.file ?? null])) {
    if (file === null) continue;
    try {
      mkdirSync(dirname(file), { recursive: true });
      giveTo(identity, file);
    } catch (error) {
      problems.push(
        `cannot prepare the log file ${file}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return problems;
}

/**
 * Where the folder belongs to the workers' user, a worker could put a link to a file of root's in the log's place,
 * and would be given that file.
 */
function giveTo({ uid, gid }: Identity, file: string): void {
  const fd = openSync(file, openFlags, 0o640);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.nlink !== 1)
      throw new Error('expected a file of its own, found a link or a device');
    fchownSync(fd, uid, gid);
  } finally {
    closeSync(fd);
  }
}
