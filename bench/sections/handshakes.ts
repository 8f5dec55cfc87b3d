import type { Bench, Section } from '../bench.ts';
import { makeCertificate, missingForCertificate } from '../certificate.ts';
import { runHandshakes } from '../load/handshakes.ts';
import { caddy } from '../peers/caddy.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegate } from '../peers/tidegate.ts';
import { cpuOf, measureSideBySide, type Measured } from '../side-by-side.ts';

const peers: readonly Peer[] = [tidegate, nginx, haproxy, caddy];
const connections = 16;

/** What a TLS connection costs before its first request. */
export async function measureHandshakes(bench: Bench): Promise<Section> {
  const missing = missingForCertificate();
  if (missing !== null) throw new Error(`handshakes are measured with ${missing}`);
  const certificate = await makeCertificate(bench.folder);
  const measure = (resumed: boolean): Promise<Measured[]> =>
    measureSideBySide(bench, {
      name: resumed ? 'resumed' : 'full',
      peers,
      certificate,
      load: (port, seconds) =>
        runHandshakes(bench.children, bench.cores.load, {
          port,
          seconds,
          connections,
          resumed,
          serverName: 'localhost',
        }),
    });
  const full = await measure(false);
  const resumed = await measure(true);
  const columns = (measured: readonly Measured[], peer: Peer): string[] => {
    const cpu = cpuOf(measured, peer);
    return [cpu.toFixed(0), (1e6 / cpu).toFixed(0)];
  };
  const { rounds, seconds } = bench.options;
  return {
    title: 'TLS handshakes',
    method: `${rounds} interleaved rounds of ${seconds} s each, ${connections} connections at a time with an ECDSA P-256 certificate and TLS 1.3: made, and closed without a request. Resumed: with a ticket of an earlier one. Handshakes a second are what one core would do by the CPU time: the clients need more of it than the proxies.`,
    table: {
      head: ['proxy', 'full, CPU µs', 'full, /s', 'resumed, CPU µs', 'resumed, /s'],
      rows: full.map(({ peer }) => [
        `${peer.name} (${peer.version()})`,
        ...columns(full, peer),
        ...columns(resumed, peer),
      ]),
    },
    bars: [],
    notes: [],
  };
}
