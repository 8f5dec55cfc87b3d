import { fileURLToPath } from 'node:url';
import type { Bench, Section } from '../bench.ts';
import { mebibytes, openFileLimit, settledResidentBytes, waitUntilReady } from './memory.ts';
import { startTidegate, waitForWorker } from './start-tidegate.ts';

const client = fileURLToPath(new URL('../load/idle-connections.ts', import.meta.url));

/** What an idle TCP connection costs a worker: the client's socket, the backend's, and what joins them. */
export async function measureStreamMemory(bench: Bench): Promise<Section> {
  const wanted = bench.options.quick ? 1000 : 10_000;
  // The worker has two sockets for each.
  const connections = Math.min(wanted, Math.floor(openFileLimit() / 2) - 1000);
  const tidegate = await startTidegate(bench, 'stream-memory', { protocol: 'tcp' });
  const pid = await waitForWorker(tidegate);
  const before = await settledResidentBytes(bench, tidegate, pid);
  const args = [client, String(tidegate.port), String(connections)];
  const holder = await bench.children.start({ program: process.execPath, args }, bench.cores.load);
  await waitUntilReady(holder);
  bench.progress(`${connections} connections are open`);
  const after = await settledResidentBytes(bench, tidegate, pid);
  for (const child of [holder, tidegate.child]) await child.stop();
  const each = (after - before) / connections / 1024;
  return {
    title: 'Idle TCP connections',
    method:
      `Resident memory of the worker before and after ${connections} clients connected through a TCP listener and had 1 KiB each from the backend, ` +
      'after the same light load both times, so that garbage is collected and the heap has settled.',
    table: {
      head: ['connections', 'RSS before, MiB', 'RSS after, MiB', 'KiB a connection'],
      rows: [[String(connections), mebibytes(before), mebibytes(after), each.toFixed(2)]],
    },
    bars: [{ what: 'Memory of an idle proxied connection', measured: each, most: 12, unit: 'KiB' }],
    notes: connections < wanted ? [`The limit of open files allowed ${connections} connections only.`] : [],
  };
}
