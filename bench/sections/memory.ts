import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Bench, Section } from '../bench.ts';
import { runLoad } from '../load/load.ts';
import type { Child } from '../process/children.ts';
import { residentBytes } from '../process/process-tree.ts';
import { startTidegate, waitForWorker, type RunningTidegate } from './start-tidegate.ts';

const client = fileURLToPath(new URL('../load/idle-connections.ts', import.meta.url));

/** What an idle keep-alive connection costs a worker, each after one request. */
export async function measureMemory(bench: Bench): Promise<Section> {
  const connections = Math.min(bench.options.quick ? 1000 : 10_000, openFileLimit() - 1000);
  const tidegate = await startTidegate(bench, 'memory', { timeouts: { idle: '600s' } });
  const pid = await waitForWorker(tidegate);
  const before = await settledResidentBytes(bench, tidegate, pid);
  const holder = await bench.children.start(
    { program: process.execPath, args: [client, String(tidegate.port), String(connections)] },
    bench.cores.load,
  );
  await waitUntilReady(holder);
  bench.progress(`${connections} connections are open`);
  const after = await settledResidentBytes(bench, tidegate, pid);
  await holder.stop();
  await tidegate.child.stop();
  const each = (after - before) / connections / 1024;
  return {
    title: 'Idle connections',
    method:
      `Resident memory of the worker before and after ${connections} clients connected and made one request each, ` +
      'after the same light load both times, so that garbage is collected and the heap has settled.',
    table: {
      head: ['connections', 'RSS before, MiB', 'RSS after, MiB', 'KiB a connection'],
      rows: [[String(connections), mebibytes(before), mebibytes(after), each.toFixed(2)]],
    },
    bars: [{ what: 'Memory of an idle connection', measured: each, most: 10, unit: 'KiB' }],
    notes:
      connections < 10_000 && !bench.options.quick
        ? [`The limit of open files allowed ${connections} connections only.`]
        : [],
  };
}

export function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

export async function waitUntilReady(holder: Child): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!holder.output.includes('ready')) {
    if (!holder.running || performance.now() > deadline)
      throw new Error(`the connections did not open:\n${holder.output}`);
    await delay(50);
  }
}

/** Runs some load, so that V8 collects, and waits until the size has stood still for a second (at most ten). */
export async function settledResidentBytes(
  bench: Bench,
  tidegate: RunningTidegate,
  pid: number,
): Promise<number> {
  const seconds = bench.options.quick ? 1 : 3;
  await runLoad(bench.children, bench.cores.load, {
    port: tidegate.port,
    path: '/',
    connections: 16,
    seconds,
  });
  let last = residentBytes(pid);
  let still = 0;
  for (let poll = 0; poll < 50 && still < 5; poll++) {
    await delay(200);
    const now = residentBytes(pid);
    still = Math.abs(now - last) < 256 * 1024 ? still + 1 : 0;
    last = now;
  }
  return last;
}

/** Node raises its soft limit to the hard one when it starts, so the hard one counts. */
export function openFileLimit(): number {
  const match = /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return match?.[1] === 'unlimited' || match === null ? 1e6 : Number(match[1]);
}
