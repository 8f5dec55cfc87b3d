import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { renewalClient, seenTogether, type SeenHandshakes } from '../../bench/load/seen-handshakes.ts';

/**
 * Full handshakes without a pause, by clients of their own processes, since one makes no 500 a second.
 * @returns what ends them, and says what all have seen
 */
export function startHandshakes(
  port: number,
  servername: string,
  { clients, atATime }: { readonly clients: number; readonly atATime: number },
): () => Promise<SeenHandshakes> {
  const running = Array.from({ length: clients }, () => {
    const args = [renewalClient, String(port), servername, String(atATime)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    return { child, output: text(child.stdout) };
  });
  return async () => {
    for (const { child } of running) child.kill('SIGTERM');
    return seenTogether(await Promise.all(running.map(({ output }) => output)));
  };
}
