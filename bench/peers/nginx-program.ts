import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '../process/children.ts';
import { findProgram } from '../process/find-program.ts';

/** nginx in the foreground, as its config says. */
export function nginxCommand(file: string): Command {
  return { program: findProgram('nginx') ?? 'nginx', args: ['-c', file] };
}

export function nginxVersion(): string {
  const printed = spawnSync(findProgram('nginx') ?? 'nginx', ['-v'], { encoding: 'utf8' }).stderr;
  return /nginx\/(\S+)/.exec(printed)?.[1] ?? 'unknown';
}

/** The path of a module that is installed, for `load_module`. */
export function nginxModule(file: string): string | undefined {
  return ['/usr/lib/nginx/modules', '/usr/share/nginx/modules', '/usr/lib64/nginx/modules']
    .map((folder) => path.join(folder, file))
    .find((candidate) => existsSync(candidate));
}
