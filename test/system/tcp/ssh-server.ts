import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runToEnd } from '../../support/run-to-end.ts';
import { startServer, type ServerProcess } from '../../support/server-process.ts';
import { unprivilegedUser } from '../../support/system-user.ts';

/** The name by which the client knows the server's key, at whatever address. */
const HOST = 'host.test';

/** An SSH server with keys of its own, which lets in the user that it runs as. */
export function startSshd(): Promise<ServerProcess> {
  const user = unprivilegedUser();
  return startServer({
    ...(user === undefined ? {} : { user }),
    async prepare(folder, port) {
      const path = (name: string): string => join(folder, name);
      for (const name of ['host', 'client']) {
        const made = await runToEnd('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(name)]);
        expect(made).toMatchObject({ status: 0 });
      }
      await writeFile(path('known_hosts'), `${HOST} ${await readFile(path('host.pub'), 'utf8')}`);
      await writeFile(
        path('sshd_config'),
        `ListenAddress 127.0.0.1:${port}
HostKey ${path('host')}
AuthorizedKeysFile ${path('client.pub')}
PidFile none
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
`,
      );
      return ['/usr/sbin/sshd', '-D', '-e', '-f', path('sshd_config')];
    },
  });
}

/** What the command prints on the server; fails where ssh or the command does. */
export async function ssh(server: ServerProcess, port: number, command: string): Promise<string> {
  const ended = await runToEnd('ssh', [...options(server), '-p', String(port), '127.0.0.1', command]);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return ended.stdout.trim();
}

/** Copies a file; a path on the server begins with a colon. */
export async function scp(server: ServerProcess, port: number, from: string, to: string): Promise<void> {
  const [source, target] = [from, to].map((path) => (path.startsWith(':') ? `127.0.0.1${path}` : path));
  const ended = await runToEnd('scp', [...options(server), '-P', String(port), source ?? '', target ?? '']);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
}

function options({ folder }: ServerProcess): string[] {
  const settings = {
    User: unprivilegedUser()?.name ?? userInfo().username,
    HostKeyAlias: HOST,
    UserKnownHostsFile: join(folder, 'known_hosts'),
    StrictHostKeyChecking: 'yes',
    IdentityFile: join(folder, 'client'),
    IdentitiesOnly: 'yes',
    BatchMode: 'yes',
  };
  return ['-F', 'none', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}
