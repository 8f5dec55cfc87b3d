import type { Bar, Bench, Section } from '../bench.ts';
import { runLoad } from '../load/load.ts';
import { caddy } from '../peers/caddy.ts';
import { haproxy } from '../peers/haproxy.ts';
import { httpProxy3 } from '../peers/http-proxy-3.ts';
import { nginx, nginxWithNjs } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegate, tidegateDefaults, tidegateWithRule } from '../peers/tidegate.ts';
import { comparisonHead, comparisonRow, cpuOf, measureSideBySide, ratioText } from '../side-by-side.ts';

const peers: readonly Peer[] = [
  tidegate,
  tidegateWithRule,
  tidegateDefaults,
  nginx,
  nginxWithNjs,
  haproxy,
  caddy,
  httpProxy3,
];
const connections = 64;

/** CPU time a request, requests a second and p99 of Tidegate and of what its users would otherwise pick. */
export async function measureProxies(bench: Bench): Promise<Section> {
  const measured = await measureSideBySide(bench, {
    name: 'proxies',
    peers,
    certificate: null,
    load: (port, seconds) =>
      runLoad(bench.children, bench.cores.load, { port, path: '/', connections, seconds }),
  });
  const ratio = (peer: Peer, other: Peer): number => cpuOf(measured, peer) / cpuOf(measured, other);
  const bars: Bar[] = [
    {
      what: 'CPU a request with one rule, of http-proxy-3',
      measured: ratio(tidegateWithRule, httpProxy3),
      most: 0.25,
      unit: '×',
    },
  ];
  if (nginxWithNjs.missing() === null) {
    bars.unshift({
      what: 'CPU a request with one rule, of nginx + njs',
      measured: ratio(tidegateWithRule, nginxWithNjs),
      most: 1.6,
      unit: '×',
    });
  }
  const { rounds, seconds } = bench.options;
  return {
    title: 'One request through each proxy',
    method:
      `${rounds} interleaved rounds of ${seconds} s, ${connections} keep-alive connections, five request headers, answers of 1 KiB; one worker each, no access log, ` +
      'the same X-Forwarded headers. CPU: user and system time of the whole process tree. Medians of the rounds.',
    table: {
      head: [...comparisonHead, 'of nginx + njs', 'of http-proxy-3'],
      rows: measured.map((one) => [
        ...comparisonRow(one),
        ratioText(ratio(one.peer, nginxWithNjs)),
        ratioText(ratio(one.peer, httpProxy3)),
      ]),
    },
    bars,
    notes: peers.flatMap((peer) => {
      const missing = peer.missing();
      return missing === null ? [] : [`Not installed, left out: ${missing}.`];
    }),
  };
}
