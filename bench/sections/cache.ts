import { answerIdField, cacheablePath } from '../backend/cacheable-answer.ts';
import type { Bar, Bench, Section } from '../bench.ts';
import { runLoad } from '../load/load.ts';
import { nginx, nginxWithCache } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegate, tidegateWithCache } from '../peers/tidegate.ts';
import { comparisonHead, comparisonRow, cpuOf, measureSideBySide, ratioText } from '../side-by-side.ts';

const caching: readonly Peer[] = [tidegateWithCache, nginxWithCache];
const peers: readonly Peer[] = [tidegate, tidegateWithCache, nginx, nginxWithCache];
const connections = 64;

/** What an answer from the cache costs beside one that is fetched, and beside nginx's. */
export async function measureCache(bench: Bench): Promise<Section> {
  const measured = await measureSideBySide(bench, {
    name: 'cache',
    peers,
    certificate: null,
    check: mustHit,
    load: (port, seconds) =>
      runLoad(bench.children, bench.cores.load, { port, path: cacheablePath, connections, seconds }),
  });
  const hit = cpuOf(measured, tidegateWithCache);
  const forwarded = cpuOf(measured, tidegate);
  const bars: Bar[] = [
    { what: 'CPU of a hit, of a forwarded request', measured: hit / forwarded, most: 1, unit: '×' },
  ];
  const nginxHit = cpuOf(measured, nginxWithCache);
  if (!Number.isNaN(nginxHit)) {
    bars.push({
      what: 'CPU of a hit, with 1.3 × a hit of nginx + 10 µs as the most',
      measured: hit,
      most: 1.3 * nginxHit + 10,
      unit: 'µs',
    });
  }
  const { rounds, seconds } = bench.options;
  return {
    title: 'An answer from the cache',
    method:
      `${rounds} interleaved rounds of ${seconds} s, ${connections} keep-alive connections, five request headers, one answer of 1 KiB with Cache-Control; ` +
      'each proxy once without and once with its cache, which holds the answer in memory (Tidegate) or in a file (nginx). One worker each, no access log.',
    table: {
      head: [...comparisonHead, 'of forwarded'],
      rows: measured.map((one) => [
        ...comparisonRow(one),
        ratioText(cpuOf(measured, one.peer) / cpuOf(measured, withoutCache(one.peer))),
      ]),
    },
    bars,
    notes: [],
  };
}

function withoutCache(peer: Peer): Peer {
  return peer === nginx || peer === nginxWithCache ? nginx : tidegate;
}

/** @throws when the second answer is not the first one again, or is where nothing is to be cached. */
async function mustHit(peer: Peer, port: number): Promise<void> {
  const ids = [await fetchId(port), await fetchId(port)];
  const isHit = ids[0] === ids[1];
  if (isHit === caching.includes(peer)) return;
  throw new Error(`${peer.name}: ${isHit ? 'answered from a cache' : 'did not answer from its cache'}`);
}

async function fetchId(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${cacheablePath}`);
  await answer.arrayBuffer();
  const id = answer.headers.get(answerIdField);
  if (id === null) throw new Error(`no ${answerIdField} in the answer at port ${port}`);
  return id;
}
