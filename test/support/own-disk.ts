import { execFileSync } from 'node:child_process';

/** Who is not root may be so among files of its own (user_namespaces(7)). */
const isRoot = process.getuid?.() === 0;

/** What a program is run within (`TidegateOptions.within`) to have a disk of its own there: 1 MiB, seen by it alone. */
export function withOwnDisk(folder: string): readonly string[] {
  const mount = `mkdir -m 700 -p "$0" && mount -t tmpfs -o size=1m,mode=700 tmpfs "$0" && exec "$@"`;
  return ['unshare', isRoot ? '-m' : '-rm', 'sh', '-c', mount, folder];
}

/** Runs a program where that of this process id sees its disk. @returns what it printed */
export function onDiskOf(pid: number, program: string, ...args: readonly string[]): string {
  const namespaces = isRoot ? ['-m'] : ['-U', '--preserve-credentials', '-m'];
  return execFileSync('nsenter', ['-t', String(pid), ...namespaces, program, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
