import { readFileSync } from 'node:fs';

/** An account of this machine. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** For servers that refuse to run as root: the account that the package `postgresql` brings along, which has a shell. undefined: the test is not run by root. */
export function unprivilegedUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^(?<name>postgres):[^:]*:(?<uid>\d+):(?<gid>\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  if (line === null) throw new Error('there is no user postgres: install the package postgresql');
  const { name = '', uid, gid } = line.groups ?? {};
  return { name, uid: Number(uid), gid: Number(gid) };
}
