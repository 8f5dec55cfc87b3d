import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { accepts } from './accepts.ts';
import { poll } from './poll.ts';
import { unusedPort } from './raw-backend.ts';
import type { SystemUser } from './system-user.ts';

/** A server from a system package, in a folder of its own; ended when the test is. */
export interface ServerProcess {
  readonly port: number;
  readonly folder: string;
  /** As `kill -9` does. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again, at the same port and with what is in its folder. */
  start(): Promise<void>;
}

export interface ServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Makes what it needs in its folder. Returns the program and its arguments. */
  readonly prepare: (folder: string, port: number) => Promise<readonly string[]>;
  /** Who it runs as, and whom its folder belongs to; default: as the test does. */
  readonly user?: SystemUser;
  /** What ends it in good order; default: SIGTERM. */
  readonly endSignal?: NodeJS.Signals;
  /** Whether it serves; default: when it accepts connections. */
  readonly ready?: (port: number) => Promise<boolean>;
}

/** Starts it and waits until it serves. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const { user, ready = accepts, endSignal = 'SIGTERM' } = options;
  const port = options.port ?? (await unusedPort());
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-server-'));
  let running: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill(signal);
    await gone;
  };
  onTestFinished(async () => {
    await end(endSignal);
    await rm(folder, { recursive: true, force: true });
  });
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const [command = '', ...args] = await options.prepare(folder, port);
  if (user !== undefined) await giveTo(user, folder);
  const start = async (): Promise<void> => {
    const server = spawn(command, args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    running = server;
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(server, 'spawn');
    const ended = once(server, 'exit').then(() => Promise.reject(new Error(`${command} ended: ${said}`)));
    await Promise.race([ended, poll(() => ready(port))]);
    ended.catch(() => {});
  };
  await start();
  return { port, folder, start, kill: () => end('SIGKILL') };
}

async function giveTo(user: SystemUser, folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true }))
    await chown(join(folder, name), user.uid, user.gid);
}
