import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startNodeBackend } from '../backend/start-node-backend.ts';
import type { Bench, Section } from '../bench.ts';
import { makeCertificate, missingForCertificate } from '../certificate.ts';
import { missingH2load, runH2load } from '../load/h2load.ts';
import { caddy } from '../peers/caddy.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegate, tidegateWithRule } from '../peers/tidegate.ts';
import { comparisonHead, comparisonRow, cpuOf, measureSideBySide, ratioText } from '../side-by-side.ts';

const peers: readonly Peer[] = [tidegate, tidegateWithRule, nginx, haproxy, caddy];
const connections = 8;
const streams = 16;
const headers = [
  'content-type: application/grpc',
  'te: trailers',
  'user-agent: grpc-bench',
  'grpc-timeout: 10S',
];

/** Length-prefixed, as gRPC sends a message. */
async function writeMessage(folder: string): Promise<string> {
  const message = Buffer.alloc(5 + 64, 'x');
  message.writeUInt8(0);
  message.writeUInt32BE(64, 1);
  const file = path.join(folder, 'message');
  await writeFile(file, message);
  return file;
}

/** Unary calls over HTTP/2 and TLS to a backend of HTTP/2: CPU time a call, side by side. */
export async function measureGrpc(bench: Bench): Promise<Section> {
  const missing = missingForCertificate() ?? missingH2load();
  if (missing !== null) throw new Error(`gRPC is measured with ${missing}`);
  const post = { path: '/bench.Echo/Unary', file: await writeMessage(bench.folder), headers };
  const backend = await startNodeBackend(bench, new URL('../backend/grpc-backend.ts', import.meta.url));
  const measured = await measureSideBySide(bench, {
    name: 'grpc',
    peers,
    certificate: await makeCertificate(bench.folder),
    backend: { port: backend.port, traffic: 'grpc' },
    load: (port, seconds) =>
      runH2load(bench.children, bench.cores.load, { port, connections, streams, seconds, post }),
  });
  await backend.child.stop();
  const { rounds, seconds } = bench.options;
  return {
    title: 'Unary gRPC calls',
    method:
      `${rounds} interleaved rounds of ${seconds} s, ${connections} connections with ${streams} calls each over TLS, messages of 64 bytes both ways, ` +
      'to a backend that speaks HTTP/2 without TLS (Node, which sets the pace, so CPU time is what compares). A request is a call; the longest time instead of p99.',
    table: {
      head: [...comparisonHead.slice(0, -1), 'longest ms', 'of nginx'],
      rows: measured.map((one) => [
        ...comparisonRow(one),
        ratioText(cpuOf(measured, one.peer) / cpuOf(measured, nginx)),
      ]),
    },
    bars: [],
    notes: [],
  };
}
