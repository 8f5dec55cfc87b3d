import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { unusedPort } from './raw-backend.ts';

const PROGRAM = `
  require('node:http').createServer((request, response) => response.end('ok'))
    .listen(Number(process.argv[1]), '127.0.0.1', () => process.send('listening'));
`;

/** A backend in a process of its own, which answers everything with `ok`. */
export interface KillableBackend {
  readonly port: number;
  /** As `kill -9` does. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again, at the same port. */
  start(): Promise<void>;
}

export async function startKillableBackend(): Promise<KillableBackend> {
  const port = await unusedPort();
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, ['-e', PROGRAM, String(port)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(child, 'message');
  };
  await start();
  onTestFinished(kill);
  return { port, kill, start };
}
