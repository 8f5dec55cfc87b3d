import { fileURLToPath } from 'node:url';
import { startNodeBackend } from '../backend/start-node-backend.ts';
import type { Bench, Section } from '../bench.ts';
import { parseLoadOutput, type LoadResult } from '../load/load-result.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegate } from '../peers/tidegate.ts';
import { comparisonHead, comparisonRow, cpuOf, measureSideBySide, ratioText } from '../side-by-side.ts';

export const webSocketClient = fileURLToPath(new URL('../load/websocket-client.ts', import.meta.url));

const peers: readonly Peer[] = [tidegate, nginx, haproxy];
const connections = 64;

async function runEchoes(bench: Bench, port: number, seconds: number): Promise<LoadResult> {
  const args = [webSocketClient, String(port), String(connections), String(seconds)];
  const load = await bench.children.start({ program: process.execPath, args }, bench.cores.load);
  await load.finish(seconds + 30);
  return parseLoadOutput(load.output);
}

/** A message to the backend and back over an open WebSocket: CPU time a round trip, side by side. */
export async function measureWebSocket(bench: Bench): Promise<Section> {
  const backend = await startNodeBackend(bench, new URL('../backend/websocket-backend.ts', import.meta.url));
  const measured = await measureSideBySide(bench, {
    name: 'websocket',
    peers,
    certificate: null,
    backend: { port: backend.port, traffic: 'websocket' },
    load: (port, seconds) => runEchoes(bench, port, seconds),
  });
  await backend.child.stop();
  const { rounds, seconds } = bench.options;
  return {
    title: 'Echo over WebSockets',
    method:
      `${rounds} interleaved rounds of ${seconds} s; ${connections} WebSockets without TLS, on each one message of 100 bytes ` +
      'on its way to the backend or back at any time. A request is such a round trip; handshakes are not counted, but their CPU time is. ' +
      'Client and backend share a core and set the pace, so CPU time is what compares.',
    table: {
      head: [...comparisonHead, 'of nginx'],
      rows: measured.map((one) => [
        ...comparisonRow(one),
        ratioText(cpuOf(measured, one.peer) / cpuOf(measured, nginx)),
      ]),
    },
    bars: [],
    notes: [],
  };
}
