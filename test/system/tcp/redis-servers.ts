import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline as streamPipeline } from 'node:stream/promises';
import { expect, onTestFinished } from 'vitest';
import { authorityFile, certificateFiles, type CertificateName } from '../../support/certificates.ts';
import { poll } from '../../support/poll.ts';
import { runToEnd } from '../../support/run-to-end.ts';
import { startServer, type ServerProcess } from '../../support/server-process.ts';

/** A Redis server that keeps nothing on the disk; `options`: of its command line. */
export function startRedis(...options: readonly string[]): Promise<ServerProcess> {
  return startServer({
    prepare: (folder, port) => Promise.resolve(serverCommand(folder, '--port', String(port), ...options)),
  });
}

/** One that takes over everything that is written to the other, and is read-only. */
export async function startReplica(primary: ServerProcess): Promise<ServerProcess> {
  const replica = await startRedis('--replicaof', '127.0.0.1', String(primary.port));
  await poll(async () =>
    (await redis(replica.port, ['info', 'replication'])).includes('master_link_status:up'),
  );
  return replica;
}

/** One that speaks TLS only, with this certificate. */
export function startTlsRedis(name: CertificateName): Promise<ServerProcess> {
  return startServer({
    async prepare(folder, port) {
      const { cert, key } = certificateFiles(name);
      await copyFile(cert, join(folder, 'cert.pem'));
      await copyFile(key, join(folder, 'key.pem'));
      const tls = ['--tls-port', String(port), '--tls-cert-file', 'cert.pem', '--tls-key-file', 'key.pem'];
      return serverCommand(
        folder,
        '--port',
        '0',
        ...tls,
        '--tls-ca-cert-file',
        'cert.pem',
        '--tls-auth-clients',
        'no',
      );
    },
  });
}

function serverCommand(folder: string, ...options: readonly string[]): string[] {
  return ['redis-server', '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...options];
}

/** Options of redis-cli for a server that has to prove this name. */
export function tlsOf(serverName: string): string[] {
  return ['--tls', '--cacert', authorityFile, '--sni', serverName];
}

/** What redis-cli prints for a command over a new connection; fails where it does. */
export async function redis(
  port: number,
  command: readonly string[],
  options: readonly string[] = [],
): Promise<string> {
  const { status, stdout, stderr } = await runToEnd('redis-cli', [
    '-p',
    String(port),
    '-e',
    ...options,
    ...command,
  ]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trim();
}

/** redis-cli at work on a command that takes its time, or has no end. */
export interface RunningRedisCli {
  /** What it has printed. */
  readonly lines: readonly string[];
  readonly ended: Promise<{ readonly status: number | null; readonly stderr: string }>;
}

export function startRedisCli(port: number, ...command: readonly string[]): RunningRedisCli {
  const child = spawn('redis-cli', ['-p', String(port), ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  const ended = Promise.all([text(child.stderr), once(child, 'close')]);
  return { lines, ended: ended.then(([stderr]) => ({ status: child.exitCode, stderr })) };
}

/** Sends these commands without waiting for an answer, as `redis-cli --pipe` does. Returns what that says in the end. */
export async function pipeline(port: number, commands: Iterable<string>): Promise<string> {
  const child = spawn('redis-cli', ['-p', String(port), '--pipe'], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await Promise.all([
    text(child.stdout),
    streamPipeline(Readable.from(commands), child.stdin),
  ]);
  return said.trim().split('\n').at(-1) ?? '';
}
