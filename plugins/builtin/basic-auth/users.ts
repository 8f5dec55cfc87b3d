import { readPasswordHash, type PasswordHash } from './password-hash.ts';

export type Users = ReadonlyMap<string, PasswordHash>;

/** A file as `htpasswd` writes it: `name:hash` lines, `#` before a comment. Throws an Error with the line of what is wrong. */
export function readUsers(content: string, file: string): Users {
  const users = new Map<string, PasswordHash>();
  for (const [i, line] of content.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, hash] = /^([^:]+):(\S+)\s*$/.exec(line) ?? [];
    try {
      if (name === undefined || hash === undefined) throw new Error('name:hash is expected');
      if (users.has(name)) throw new Error(`there is another user ${JSON.stringify(name)} above`);
      users.set(name, readPasswordHash(hash));
    } catch (error) {
      throw new Error(`${file}:${i + 1}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  return users;
}
