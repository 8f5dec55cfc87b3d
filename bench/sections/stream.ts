import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startNodeBackend } from '../backend/start-node-backend.ts';
import type { Bar, Bench, Section } from '../bench.ts';
import { parseLoadOutput } from '../load/load-result.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginxStream } from '../peers/nginx-stream.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegateTcp } from '../peers/tidegate.ts';
import { median } from '../process/median.ts';
import { cpuMicroseconds } from '../process/process-tree.ts';
import { ratioText, startPeer } from '../side-by-side.ts';

const client = fileURLToPath(new URL('../load/stream-client.ts', import.meta.url));
const peers: readonly Peer[] = [tidegateTcp, haproxy, nginxStream];
const gibibyte = 2 ** 30;

/** What is measured of each, by round. */
const measures = [
  'upMs',
  'downMs',
  'upRate',
  'downRate',
  'pingUs',
  'pingCpuUs',
  'connections',
  'connectionCpuUs',
] as const;
type Measure = (typeof measures)[number];
type Turn = Record<Measure, number>;

interface Running {
  readonly name: string;
  /** null: the backend itself, with nothing between. */
  readonly peer: Peer | null;
  readonly pid: number;
  readonly port: number;
  readonly turns: Turn[];
}

/** TCP connections through each proxy: bulk copies, one byte to and fro, and new connections. */
export async function measureStream(bench: Bench): Promise<Section> {
  const backend = await startNodeBackend(bench, new URL('../backend/stream-backend.ts', import.meta.url));
  const direct = { name: 'no proxy', peer: null, pid: backend.child.pid, port: backend.port, turns: [] };
  const running: Running[] = [direct];
  const stops = [backend.child];
  const comparison = {
    name: 'stream',
    certificate: null,
    backend: { port: backend.port, traffic: 'tcp' },
  } as const;
  for (const peer of peers) {
    if (peer.missing() !== null) continue;
    const { child, port } = await startPeer(bench, comparison, peer);
    running.push({ name: `${peer.name} (${peer.version()})`, peer, pid: child.pid, port, turns: [] });
    stops.unshift(child);
  }
  const { quick, rounds, seconds } = bench.options;
  const bytes = quick ? gibibyte / 8 : gibibyte;
  for (const one of running) await takeTurn(bench, one, bytes, quick ? 1 : 10);
  for (let round = 1; round <= rounds; round++) {
    for (const one of running) {
      const turn = await takeTurn(bench, one, bytes, seconds);
      one.turns.push(turn);
      const numbers = measures.map((measure) => `${measure} ${turn[measure].toFixed(0)}`);
      bench.progress(`round ${round}: ${one.name}: ${numbers.join(', ')}`);
    }
  }
  for (const child of stops) await child.stop();
  return describe(bench, running, bytes);
}

async function takeTurn(bench: Bench, { pid, port }: Running, bytes: number, seconds: number): Promise<Turn> {
  const up = await run(bench, pid, port, 'up', bytes);
  const down = await run(bench, pid, port, 'down', bytes);
  const ping = await run(bench, pid, port, 'ping', seconds);
  const connect = await run(bench, pid, port, 'connect', seconds);
  const pings = parseLoadOutput(ping.output);
  const connects = parseLoadOutput(connect.output);
  if (connects.socketErrors > 0 || pings.socketErrors > 0)
    throw new Error(`connections failed: ${connect.output}`);
  return {
    upMs: (up.cpuUs / bytes) * (gibibyte / 1000),
    downMs: (down.cpuUs / bytes) * (gibibyte / 1000),
    upRate: bytes / 2 ** 20 / moveResult.parse(JSON.parse(up.output)).seconds,
    downRate: bytes / 2 ** 20 / moveResult.parse(JSON.parse(down.output)).seconds,
    pingUs: pings.p50Ms * 1000,
    pingCpuUs: ping.cpuUs / pings.requests,
    connections: connects.requests / connects.seconds,
    connectionCpuUs: connect.cpuUs / connects.requests,
  };
}

const moveResult = z.object({ seconds: z.number() });

async function run(
  bench: Bench,
  pid: number,
  port: number,
  kind: 'up' | 'down' | 'ping' | 'connect',
  amount: number,
): Promise<{ readonly output: string; readonly cpuUs: number }> {
  const before = cpuMicroseconds(pid);
  const args = [client, String(port), kind, String(amount)];
  const load = await bench.children.start({ program: process.execPath, args }, bench.cores.load);
  await load.finish(120);
  return { output: load.output, cpuUs: cpuMicroseconds(pid) - before };
}

function describe(bench: Bench, running: readonly Running[], bytes: number): Section {
  const of = (peer: Peer | null, measure: Measure): number =>
    median((running.find((one) => one.peer === peer)?.turns ?? []).map((turn) => turn[measure]));
  const ratio = (measure: Measure): number => of(tidegateTcp, measure) / of(haproxy, measure);
  const bar = (what: string, measured: number, most: number): Bar => ({
    what: `${what}, of HAProxy`,
    measured,
    most,
    unit: '×',
  });
  const { rounds, seconds } = bench.options;
  return {
    title: 'TCP connections',
    method:
      `${rounds} interleaved rounds; in each, through every proxy, ${bytes / 2 ** 20} MiB to the backend and as many back on one connection, ` +
      `${seconds} s of one byte to and fro on one connection, and ${seconds} s of new connections, 16 at a time, that have one byte sent back. ` +
      'Client and backend share a core. Medians of the rounds; the round trip is the median of all of a round, and what is added is over the one without a proxy.',
    table: {
      head: [
        'proxy',
        'CPU ms/GiB up',
        'down',
        'MiB/s up',
        'down',
        'round trip µs',
        'added µs',
        'CPU µs',
        'connections/s',
        'CPU µs each',
      ],
      rows: running.map(({ name, peer }) => [
        name,
        ...(['upMs', 'downMs'] as const).map((measure) =>
          peer === null ? '–' : of(peer, measure).toFixed(0),
        ),
        of(peer, 'upRate').toFixed(0),
        of(peer, 'downRate').toFixed(0),
        of(peer, 'pingUs').toFixed(1),
        peer === null ? '–' : (of(peer, 'pingUs') - of(null, 'pingUs')).toFixed(1),
        peer === null ? '–' : of(peer, 'pingCpuUs').toFixed(1),
        of(peer, 'connections').toFixed(0),
        peer === null ? '–' : of(peer, 'connectionCpuUs').toFixed(0),
      ]),
    },
    bars:
      haproxy.missing() === null
        ? [
            bar('CPU a GiB to the backend', ratio('upMs'), 2.5),
            bar('CPU a GiB from the backend', ratio('downMs'), 2.5),
            bar('Round trip of one byte', ratio('pingUs'), 2),
          ]
        : [],
    notes: [
      `Added round trip, of HAProxy: ${ratioText((of(tidegateTcp, 'pingUs') - of(null, 'pingUs')) / (of(haproxy, 'pingUs') - of(null, 'pingUs')))}; CPU of a new connection: ${ratioText(ratio('connectionCpuUs'))}.`,
      ...peers.flatMap((peer) => {
        const missing = peer.missing();
        return missing === null ? [] : [`Not installed, left out: ${missing}.`];
      }),
    ],
  };
}
