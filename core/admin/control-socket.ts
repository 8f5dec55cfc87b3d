import { createHash } from 'node:crypto';
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where a running Tidegate can be spoken to: a Unix socket whose name follows from the config file's
 * path, in a folder that only its owner can enter.
 */
export function controlSocketName(configFile: string): string {
  return `${createHash('sha256').update(resolve(configFile)).digest('hex').slice(0, 16)}.sock`;
}

/** The folders in which it may lie, the preferred one first. Who asks may live in another environment than who runs, so all are tried. */
export function controlFolders(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    '/run/tidegate',
    ...(runtime === undefined || runtime === '' ? [] : [join(runtime, 'tidegate')]),
    join(tmpdir(), `tidegate-${process.getuid?.() ?? 'user'}`),
  ];
}

/** The first of `folders` that is, or can be made, ours alone. Throws with the reasons when none can. */
export function claimControlFolder(folders: readonly string[] = controlFolders()): string {
  const reasons: string[] = [];
  for (const folder of folders) {
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        reasons.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
        continue;
      }
    }
    const problem = folderProblem(folder);
    if (problem === null) return folder;
    reasons.push(`${folder}: ${problem}`);
  }
  throw new Error(`there is no folder for the control socket: ${reasons.join('; ')}`);
}

/** In a folder of somebody else, or which others can write to, a socket could be swapped for another. */
function folderProblem(folder: string): string | null {
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) return 'is not a folder';
  if (stat.uid !== process.getuid?.()) return 'belongs to another user';
  if ((stat.mode & 0o022) !== 0) return 'can be written to by others';
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return null;
  } catch {
    return 'cannot be written to';
  }
}
