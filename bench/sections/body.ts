import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Bench, Section } from '../bench.ts';
import { freePort } from '../process/free-port.ts';
import { residentBytes } from '../process/process-tree.ts';
import { waitUntilAnswering } from '../process/wait-until-answering.ts';
import { startTidegate, waitForWorker } from './start-tidegate.ts';

const backend = fileURLToPath(new URL('../backend/body-backend.ts', import.meta.url));
const client = fileURLToPath(new URL('../load/body-client.ts', import.meta.url));
const mebibyte = 2 ** 20;

interface Transfer {
  readonly direction: 'download' | 'upload';
  /** Bytes a second that the receiver takes; 0: as fast as it can. */
  readonly rate: number;
}

/** Throughput of a 1 GiB body in each direction, and how far the worker's memory grows meanwhile. */
export async function measureBody(bench: Bench): Promise<Section> {
  const bytes = bench.options.quick ? 128 * mebibyte : 1024 * mebibyte;
  const slow = bytes / (bench.options.quick ? 4 : 16);
  const port = await freePort();
  const server = await bench.children.start(
    { program: process.execPath, args: [backend, String(port)] },
    bench.cores.load,
  );
  await waitUntilAnswering(server, port, 'the backend for large bodies');
  const rows: string[][] = [];
  let worst = 0;
  for (const rate of [0, slow]) {
    for (const direction of ['download', 'upload'] as const) {
      const { seconds, growth } = await move(bench, port, bytes, { direction, rate });
      worst = Math.max(worst, growth);
      const receiver = rate === 0 ? 'fast' : `slow, ${rate / mebibyte} MiB/s`;
      rows.push([
        direction,
        receiver,
        seconds.toFixed(1),
        Math.round(bytes / mebibyte / seconds).toString(),
        (growth / mebibyte).toFixed(1),
      ]);
      bench.progress(rows.at(-1)?.join(', ') ?? '');
    }
  }
  await server.stop();
  return {
    title: 'Large bodies',
    method:
      `One body of ${bytes / mebibyte} MiB at a time through a fresh worker; the growth is the highest of its resident memory, looked at every 5 ms, ` +
      'over what it was after a first small request.',
    table: { head: ['direction', 'receiver', 'seconds', 'MiB/s', 'peak RSS growth, MiB'], rows },
    bars: [
      { what: 'Growth of the worker during a large body', measured: worst / mebibyte, most: 64, unit: 'MiB' },
    ],
    notes: [],
  };
}

async function move(
  bench: Bench,
  backendPort: number,
  bytes: number,
  { direction, rate }: Transfer,
): Promise<{ seconds: number; growth: number }> {
  const tidegate = await startTidegate(bench, `body-${direction}-${rate}`, {}, { backendPort });
  const pid = await waitForWorker(tidegate);
  const before = residentBytes(pid);
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, 5);
  const args = [client, String(tidegate.port), direction, String(bytes), String(rate)];
  const child = await bench.children.start({ program: process.execPath, args }, bench.cores.load);
  await child.finish(300).finally(() => clearInterval(sampler));
  await tidegate.child.stop();
  const { seconds } = z.object({ seconds: z.number() }).parse(JSON.parse(child.output));
  return { seconds, growth: peak - before };
}
