import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { runToEnd, type Ended } from '../../support/run-to-end.ts';
import { startServer, type ServerProcess } from '../../support/server-process.ts';
import { unprivilegedUser } from '../../support/system-user.ts';

/** Whom the databases belong to; they ask for no password. */
const OWNER = 'tidegate';

/** Debian keeps the servers of several versions side by side, and in no folder of PATH. */
function program(name: string): string {
  const newest = globSync(`/usr/lib/postgresql/*/bin/${name}`).sort().at(-1);
  if (newest === undefined) throw new Error(`there is no ${name}: install the package postgresql`);
  return newest;
}

export interface PostgresPair {
  readonly primary: ServerProcess;
  /** It takes over everything that is written to the primary, and is read-only. */
  readonly standby: ServerProcess;
}

export async function startPostgresPair(): Promise<PostgresPair> {
  const primary = await startPostgres(async (data, run) => {
    await run(
      program('initdb'),
      '-D',
      data,
      '--no-sync',
      '-A',
      'trust',
      '-U',
      OWNER,
      '-E',
      'UTF8',
      '--no-locale',
    );
    await appendFile(
      join(data, 'postgresql.conf'),
      `listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\nshared_buffers = 16MB\nlog_min_messages = panic\n`,
    );
  });
  const standby = await startPostgres(async (data, run) => {
    await run(
      program('pg_basebackup'),
      '-D',
      data,
      '--no-sync',
      '-c',
      'fast',
      '-d',
      connection(primary.port),
      '-R',
    );
  });
  return { primary, standby };
}

async function startPostgres(
  make: (data: string, run: (...command: [string, ...string[]]) => Promise<void>) => Promise<void>,
): Promise<ServerProcess> {
  const user = unprivilegedUser();
  const as = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  return startServer({
    ...(user === undefined ? {} : { user }),
    // Ends its own processes as well, and waits for nobody.
    endSignal: 'SIGQUIT',
    async prepare(folder, port) {
      const data = join(folder, 'data');
      await make(data, async (command, ...args) => {
        expect(await runToEnd(command, args, { cwd: folder, ...as })).toMatchObject({ status: 0 });
      });
      return [program('postgres'), '-D', data, '-p', String(port)];
    },
    ready: async (port) =>
      (await runToEnd(program('pg_isready'), ['-q', '-d', connection(port)])).status === 0,
  });
}

function connection(port: number): string {
  return `host=127.0.0.1 port=${port} user=${OWNER} dbname=postgres connect_timeout=10`;
}

/** What psql does with these commands over a new connection. */
export function psql(port: number, ...commands: readonly string[]): Promise<Ended> {
  return runToEnd(program('psql'), [
    '-XqAt',
    '-v',
    'ON_ERROR_STOP=1',
    '-d',
    connection(port),
    ...commands.flatMap((each) => ['-c', each]),
  ]);
}

/** What the statement gives; fails with what psql says where it does. */
export async function query(port: number, statement: string): Promise<string> {
  const { status, stdout, stderr } = await psql(port, statement);
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trim();
}

export function pgbench(port: number, ...args: readonly string[]): Promise<Ended> {
  return runToEnd(program('pgbench'), [...args, connection(port)]);
}

/** The same, and calls back for each line with which it reports how it goes (its option `-P`). What that throws fails it. */
export async function pgbenchReporting(
  onReport: () => Promise<void>,
  port: number,
  ...args: readonly string[]
): Promise<Ended> {
  const child = spawn(program('pgbench'), [...args, connection(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const stdout = text(child.stdout);
  const ended = once(child, 'close');
  const stderr: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    if (line.startsWith('progress: ')) await onReport();
    else stderr.push(line);
  }
  await ended;
  return { status: child.exitCode, stdout: await stdout, stderr: stderr.join('\n') };
}
