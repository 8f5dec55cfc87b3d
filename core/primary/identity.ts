import { execFileSync } from 'node:child_process';

/** The numeric user and group that workers run as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export type IdentityResult =
  | { readonly ok: true; readonly identity: Identity | null }
  | { readonly ok: false; readonly problem: string };

/**
 * Looks up `user` and `group` (names or numbers). Without `group` it is the user's primary group.
 * Asks the system's own tools, which know every name service and not /etc/passwd alone.
 */
export function resolveIdentity(user: string | null, group: string | null): IdentityResult {
  if (user === null && group === null) return { ok: true, identity: null };
  if (process.getuid?.() !== 0)
    return { ok: false, problem: 'user: only root can run the workers as another user' };
  const uid = user === null ? 0 : lookUp('id', ['-u', '--', user], 0);
  if (uid === null)
    return { ok: false, problem: `user: expected the name of a user, found ${JSON.stringify(user)}` };
  const gid =
    group === null
      ? lookUp('id', ['-g', '--', user ?? 'root'], 0)
      : lookUp('getent', ['group', '--', group], 2);
  if (gid === null) {
    return {
      ok: false,
      problem: `group: expected the name of a group, found ${JSON.stringify(group ?? user)}`,
    };
  }
  return { ok: true, identity: { uid, gid } };
}

function lookUp(command: string, args: readonly string[], field: number): number | null {
  try {
    const output = execFileSync(command, [...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const number = Number(output.trim().split(':')[field]);
    return Number.isSafeInteger(number) ? number : null;
  } catch {
    return null;
  }
}
