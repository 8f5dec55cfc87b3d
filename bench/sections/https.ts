import type { Bench, Section } from '../bench.ts';
import { makeCertificate, missingForCertificate } from '../certificate.ts';
import { runLoad } from '../load/load.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginx } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegate } from '../peers/tidegate.ts';
import { cpuOf, measureSideBySide, type Measured } from '../side-by-side.ts';
import { findProgram } from '../process/find-program.ts';

const peers: readonly Peer[] = [tidegate, nginx, haproxy];
const connections = 64;

/** What TLS adds to a request over HTTP/1.1. */
export async function measureHttps(bench: Bench): Promise<Section> {
  const missing =
    missingForCertificate() ?? (findProgram('wrk') === null ? 'wrk: apt-get install wrk' : null);
  if (missing !== null) throw new Error(`HTTPS is measured with ${missing}`);
  const measure = (
    scheme: 'http' | 'https',
    certificate: Awaited<ReturnType<typeof makeCertificate>> | null,
  ) =>
    measureSideBySide(bench, {
      name: scheme,
      peers,
      certificate,
      load: (port, seconds) =>
        runLoad(bench.children, bench.cores.load, { port, path: '/', connections, seconds, scheme }),
    });
  const plain = await measure('http', null);
  const secure = await measure('https', await makeCertificate(bench.folder));
  const added = (peer: Peer): number => cpuOf(secure, peer) - cpuOf(plain, peer);
  const shown = (measured: readonly Measured[], peer: Peer): string => cpuOf(measured, peer).toFixed(1);
  const { rounds, seconds } = bench.options;
  return {
    title: 'What TLS adds to a request',
    method: `${rounds} interleaved rounds of ${seconds} s each for plain HTTP/1.1 and for HTTPS, ${connections} keep-alive connections, AES-GCM as the peers agree on it, no rule; the rest as above.`,
    table: {
      head: ['proxy', 'plain, CPU µs', 'HTTPS, CPU µs', 'added'],
      rows: plain.map(({ peer }) => [
        `${peer.name} (${peer.version()})`,
        shown(plain, peer),
        shown(secure, peer),
        added(peer).toFixed(1),
      ]),
    },
    bars: [{ what: 'CPU that TLS adds to a request', measured: added(tidegate), most: 15, unit: 'µs' }],
    notes: [],
  };
}
