import { fileURLToPath } from 'node:url';
import { startNodeBackend } from '../backend/start-node-backend.ts';
import type { Bench, Section } from '../bench.ts';
import { parseLoadOutput, type LoadResult } from '../load/load-result.ts';
import { nginxUdp } from '../peers/nginx-udp.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegateTcp } from '../peers/tidegate.ts';
import { median } from '../process/median.ts';
import { waitUntilEchoing } from '../process/wait-until-echoing.ts';
import { cpuOf, measureSideBySide, ratioText, type Measured } from '../side-by-side.ts';

const client = fileURLToPath(new URL('../load/datagram-client.ts', import.meta.url));
const peers: readonly Peer[] = [tidegateTcp, nginxUdp];
const clientCounts = [1, 1000] as const;

async function runDatagrams(
  bench: Bench,
  port: number,
  clients: number,
  seconds: number,
): Promise<LoadResult> {
  const args = [client, String(port), String(clients), String(seconds)];
  const load = await bench.children.start({ program: process.execPath, args }, bench.cores.load);
  await load.finish(seconds + 30);
  return parseLoadOutput(load.output);
}

/** Datagrams to the backend and back: how many a second, and the CPU time of each, side by side. */
export async function measureUdp(bench: Bench): Promise<Section> {
  const backend = await startNodeBackend(bench, new URL('../backend/datagram-backend.ts', import.meta.url));
  const measured: { clients: number; of: Measured[] }[] = [];
  for (const clients of clientCounts)
    measured.push({
      clients,
      of: await measureSideBySide(bench, {
        name: `udp-${clients}`,
        peers,
        certificate: null,
        backend: { port: backend.port, traffic: 'udp' },
        load: (port, seconds) => runDatagrams(bench, port, clients, seconds),
        waitUntilUp: waitUntilEchoing,
      }),
    });
  await backend.child.stop();
  const { rounds, seconds } = bench.options;
  return {
    title: 'Datagrams of UDP',
    method:
      `${rounds} interleaved rounds of ${seconds} s; 64 datagrams of 100 bytes at a time go to a backend and come back, from one client or in turns from 1,000. ` +
      'A round trip is two datagrams passed on. Client and backend share a core and set the pace, so CPU time is what compares.',
    table: {
      head: ['clients', 'proxy', 'CPU µs a datagram', 'range', 'datagrams/s', 'p99 ms', 'of nginx'],
      rows: measured.flatMap(({ clients, of }) => of.map((one) => row(clients, one, cpuOf(of, nginxUdp)))),
    },
    bars: [],
    notes: peers.flatMap((peer) => {
      const missing = peer.missing();
      return missing === null ? [] : [`Not installed, left out: ${missing}.`];
    }),
  };
}

function row(clients: number, { peer, cpu, loads }: Measured, ofNginx: number): string[] {
  const perDatagram = cpu.map((perRoundTrip) => perRoundTrip / 2);
  return [
    String(clients),
    `${peer.name} (${peer.version()})`,
    median(perDatagram).toFixed(1),
    `${Math.min(...perDatagram).toFixed(1)}–${Math.max(...perDatagram).toFixed(1)}`,
    String(Math.round(median(loads.map(({ requests, seconds }) => (2 * requests) / seconds)))),
    median(loads.map(({ p99Ms }) => p99Ms)).toFixed(2),
    ratioText(median(cpu) / ofNginx),
  ];
}
