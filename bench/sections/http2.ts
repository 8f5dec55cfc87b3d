import type { Bench, Section } from '../bench.ts';
import { makeCertificate, missingForCertificate } from '../certificate.ts';
import { missingH2load, runH2load } from '../load/h2load.ts';
import { caddy } from '../peers/caddy.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginx, nginxWithNjs } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegate, tidegateWithRule } from '../peers/tidegate.ts';
import { comparisonHead, comparisonRow, cpuOf, measureSideBySide, ratioText } from '../side-by-side.ts';

const peers: readonly Peer[] = [tidegate, tidegateWithRule, nginx, nginxWithNjs, haproxy, caddy];
const connections = 32;
const streams = 4;

/** HTTP/2 over TLS from clients, HTTP/1.1 to the backend: CPU time a request, side by side. */
export async function measureHttp2(bench: Bench): Promise<Section> {
  const missing = missingForCertificate() ?? missingH2load();
  if (missing !== null) throw new Error(`HTTP/2 is measured with ${missing}`);
  const certificate = await makeCertificate(bench.folder);
  const measured = await measureSideBySide(bench, {
    name: 'http2',
    peers,
    certificate,
    load: (port, seconds) =>
      runH2load(bench.children, bench.cores.load, { port, connections, streams, seconds }),
  });
  const ratio = (peer: Peer, other: Peer): number => cpuOf(measured, peer) / cpuOf(measured, other);
  const bar = (what: string, other: Peer, most: number) => ({
    what: `CPU a request over HTTP/2 with one rule, of ${what}`,
    measured: ratio(tidegateWithRule, other),
    most,
    unit: '×',
  });
  const { rounds, seconds } = bench.options;
  return {
    title: 'One request through each proxy, over HTTP/2 and TLS',
    method:
      `${rounds} interleaved rounds of ${seconds} s, ${connections} connections with ${streams} streams each, five request headers, answers of 1 KiB, an ECDSA certificate; HTTP/1.1 to the backend. ` +
      'The rest as above; the longest time instead of p99, since h2load prints no percentiles.',
    table: {
      head: [...comparisonHead.slice(0, -1), 'longest ms', 'of nginx + njs', 'of Caddy'],
      rows: measured.map((one) => [
        ...comparisonRow(one),
        ratioText(ratio(one.peer, nginxWithNjs)),
        ratioText(ratio(one.peer, caddy)),
      ]),
    },
    bars: [
      ...(nginxWithNjs.missing() === null ? [bar('nginx + njs', nginxWithNjs, 2.2)] : []),
      ...(caddy.missing() === null ? [bar('Caddy', caddy, 0.5)] : []),
    ],
    notes: [],
  };
}
