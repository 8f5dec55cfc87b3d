import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { listenForTest } from '../../support/listen.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { readSlowly, sendAll } from './bulk-streams.ts';

const MIB = 2 ** 20;
const BYTES = 1024 * MIB;
/** Of a receiver; senders are many times as fast. */
const RATE = 96 * MIB;
const MOST_GROWTH = 32 * MIB;

async function workerPid(tidegate: TidegateProcess): Promise<number> {
  const [worker] = (await statusOf(tidegate)).workers;
  if (worker === undefined) throw new Error('no worker');
  return worker.pid;
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** A backend for one connection after the other. */
async function startBackend(): Promise<{ port: number; next: () => Promise<Socket> }> {
  const waiting: ((socket: Socket) => void)[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => waiting.shift()?.(socket));
  const port = await listenForTest(server);
  return { port, next: () => new Promise((resolve) => waiting.push(resolve)) };
}

test('1 GiB each way arrives intact through slow receivers, and the worker hardly grows', async () => {
  const backend = await startBackend();
  const tidegate = await runTidegate({
    workers: 'real',
    files: {
      'tidegate.config.yaml': `
listeners:
  - { name: bulk, protocol: tcp, address: '127.0.0.1:0', upstream: site }
upstreams: { site: { backends: [{ address: '127.0.0.1:${backend.port}' }], healthCheck: false } }
workers: 1
`,
    },
  });
  const accepted = backend.next();
  const client = connect({ port: await tidegate.port('bulk'), host: '127.0.0.1', allowHalfOpen: true });
  const server = await accepted;
  client.write('x');
  await once(server, 'readable');
  expect(String(server.read())).toBe('x');

  const pid = await workerPid(tidegate);
  const before = residentBytes(pid);
  let most = before;
  const sampler = setInterval(() => (most = Math.max(most, residentBytes(pid))), 10);
  const [sentUp, sentDown, gotUp, gotDown] = await Promise.all([
    sendAll(client, BYTES),
    sendAll(server, BYTES),
    readSlowly(server, RATE),
    readSlowly(client, RATE),
  ]).finally(() => clearInterval(sampler));

  expect(gotUp).toEqual(sentUp);
  expect(gotDown).toEqual(sentDown);
  expect(most - before).toBeLessThan(MOST_GROWTH);
});
