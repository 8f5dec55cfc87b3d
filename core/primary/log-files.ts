import { chownSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import type { LogConfig } from '../shared/config-types.ts';
import type { Identity } from './identity.ts';

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
      closeSync(openSync(file, 'a', 0o640));
      chownSync(file, identity.uid, identity.gid);
    } catch (error) {
      problems.push(
        `cannot prepare the log file ${file}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return problems;
}
