import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Bar, Bench, Section } from '../bench.ts';
import { runLoad } from '../load/load.ts';
import type { LoadResult } from '../load/load-result.ts';
import { caddy } from '../peers/caddy.ts';
import { haproxy } from '../peers/haproxy.ts';
import { httpProxy3 } from '../peers/http-proxy-3.ts';
import { nginx, nginxWithNjs } from '../peers/nginx.ts';
import type { Peer } from '../peers/peer.ts';
import { tidegate, tidegateDefaults, tidegateWithRule } from '../peers/tidegate.ts';
import type { Child } from '../process/children.ts';
import { freePort } from '../process/free-port.ts';
import { median } from '../process/median.ts';
import { cpuMicroseconds } from '../process/process-tree.ts';
import { waitUntilAnswering } from '../process/wait-until-answering.ts';

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

/** What runs on V8 is compiled as it goes; a proxy in service has been warm for days. */
const WARM_UP_SECONDS = 8;

interface Running {
  readonly peer: Peer;
  readonly child: Child;
  readonly port: number;
  readonly turns: Turn[];
}

interface Turn {
  /** Microseconds of CPU for one request. */
  readonly cpu: number;
  readonly load: LoadResult;
}

/** CPU time a request, requests a second and p99 of Tidegate and of what its users would otherwise pick. */
export async function measureProxies(bench: Bench): Promise<Section> {
  const missing = peers.map((peer) => peer.missing()).filter((text) => text !== null);
  for (const text of missing) bench.progress(`not installed, left out: ${text}`);
  const running: Running[] = [];
  for (const peer of peers.filter((candidate) => candidate.missing() === null))
    running.push(await start(bench, peer));
  for (const one of running) await takeTurn(bench, one, bench.options.quick ? 1 : WARM_UP_SECONDS);
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const one of running) {
      const turn = await takeTurn(bench, one, bench.options.seconds);
      one.turns.push(turn);
      bench.progress(
        `round ${round}: ${one.peer.name}: ${turn.cpu.toFixed(1)} µs, ${Math.round(turn.load.requests / turn.load.seconds)}/s`,
      );
    }
  }
  for (const one of running) await one.child.stop();
  return report(bench, running, missing);
}

async function start(bench: Bench, peer: Peer): Promise<Running> {
  const folder = path.join(bench.folder, peer.name.replaceAll(/\W+/g, '-'));
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const child = await bench.children.start(
    await peer.prepare({ folder, port, backendPort: bench.backendPort }),
    bench.cores.proxy,
  );
  await waitUntilAnswering(child, port, peer.name);
  return { peer, child, port, turns: [] };
}

async function takeTurn(bench: Bench, { child, port, peer }: Running, seconds: number): Promise<Turn> {
  const before = cpuMicroseconds(child.pid);
  const load = await runLoad(bench.children, bench.cores.load, { port, path: '/', connections, seconds });
  const spent = cpuMicroseconds(child.pid) - before;
  if (load.errorAnswers > 0 || load.socketErrors > 0) {
    throw new Error(
      `${peer.name}: ${load.errorAnswers} error answers, ${load.socketErrors} socket errors\n${child.output}`,
    );
  }
  return { cpu: spent / load.requests, load };
}

function report(bench: Bench, running: readonly Running[], missing: readonly string[]): Section {
  const cpu = new Map(running.map((one) => [one.peer, median(one.turns.map((turn) => turn.cpu))]));
  const ratio = (peer: Peer, other: Peer): number =>
    (cpu.get(peer) ?? Number.NaN) / (cpu.get(other) ?? Number.NaN);
  const shown = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(2));
  const rows = running.map(({ peer, turns }) => {
    const all = turns.map((turn) => turn.cpu);
    return [
      `${peer.name} (${peer.version()})`,
      median(all).toFixed(1),
      `${Math.min(...all).toFixed(1)}–${Math.max(...all).toFixed(1)}`,
      String(Math.round(median(turns.map(({ load }) => load.requests / load.seconds)))),
      median(turns.map(({ load }) => load.p99Ms)).toFixed(2),
      shown(ratio(peer, nginxWithNjs)),
      shown(ratio(peer, httpProxy3)),
    ];
  });
  const bars: Bar[] = [
    {
      what: 'CPU a request with one rule, of http-proxy-3',
      measured: ratio(tidegateWithRule, httpProxy3),
      most: 0.25,
      unit: '×',
    },
  ];
  if (cpu.has(nginxWithNjs)) {
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
      head: [
        'proxy',
        'CPU µs a request',
        'range',
        'requests/s',
        'p99 ms',
        'of nginx + njs',
        'of http-proxy-3',
      ],
      rows,
    },
    bars,
    notes: missing.map((text) => `Not installed, left out: ${text}.`),
  };
}
