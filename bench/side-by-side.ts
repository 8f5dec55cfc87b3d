import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Bench } from './bench.ts';
import type { LoadResult } from './load/load-result.ts';
import type { Certificate, Peer, Traffic } from './peers/peer.ts';
import type { Child } from './process/children.ts';
import { freePort } from './process/free-port.ts';
import { median } from './process/median.ts';
import { cpuMicroseconds } from './process/process-tree.ts';
import { waitUntilAnswering } from './process/wait-until-answering.ts';

/** What runs on V8 is compiled as it goes; a proxy in service has been warm for days. */
const WARM_UP_SECONDS = 20;

/** Some proxies under the same load. */
export interface Comparison {
  readonly name: string;
  readonly peers: readonly Peer[];
  /** For peers that serve HTTPS. */
  readonly certificate: Certificate | null;
  /** Default: HTTP, to the backend of the whole bench. */
  readonly backend?: { readonly port: number; readonly traffic: Traffic };
  load(port: number, seconds: number): Promise<LoadResult>;
  /** Default: it answers HTTP. */
  waitUntilUp?(child: Child, port: number, name: string): Promise<void>;
  /** Looks at a peer that answers, before it is measured. @throws when it does not do what is to be measured. */
  check?(peer: Peer, port: number): Promise<void>;
}

export interface Measured {
  readonly peer: Peer;
  /** CPU microseconds a request, by round. */
  readonly cpu: readonly number[];
  readonly loads: readonly LoadResult[];
}

interface Running {
  readonly peer: Peer;
  readonly child: Child;
  readonly port: number;
  readonly cpu: number[];
  readonly loads: LoadResult[];
}

/** Runs them all, visits each once a round, and leaves out what is not installed. */
export async function measureSideBySide(bench: Bench, comparison: Comparison): Promise<Measured[]> {
  const running: Running[] = [];
  for (const peer of comparison.peers) {
    const missing = peer.missing();
    if (missing === null)
      running.push({ peer, cpu: [], loads: [], ...(await startPeer(bench, comparison, peer)) });
    else bench.progress(`not installed, left out: ${missing}`);
  }
  const warmUp = bench.options.quick ? 1 : WARM_UP_SECONDS;
  for (const one of running) await takeTurn(comparison, one, warmUp);
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const one of running) {
      const { cpu, load } = await takeTurn(comparison, one, bench.options.seconds);
      one.cpu.push(cpu);
      one.loads.push(load);
      const perSecond = Math.round(load.requests / load.seconds);
      bench.progress(`round ${round}: ${one.peer.name}: ${cpu.toFixed(1)} µs, ${perSecond}/s`);
    }
  }
  for (const one of running) await one.child.stop();
  return running;
}

/** The median CPU time of a peer; NaN where it was left out. */
export function cpuOf(measured: readonly Measured[], peer: Peer): number {
  const found = measured.find((one) => one.peer === peer);
  return found === undefined ? Number.NaN : median(found.cpu);
}

/** What the rows of `comparisonRow` are headed with. */
export const comparisonHead = ['proxy', 'CPU µs a request', 'range', 'requests/s', 'p99 ms'] as const;

export function comparisonRow({ peer, cpu, loads }: Measured): string[] {
  return [
    `${peer.name} (${peer.version()})`,
    median(cpu).toFixed(1),
    `${Math.min(...cpu).toFixed(1)}–${Math.max(...cpu).toFixed(1)}`,
    String(Math.round(median(loads.map(({ requests, seconds }) => requests / seconds)))),
    median(loads.map(({ p99Ms }) => p99Ms)).toFixed(2),
  ];
}

/** `2.19`, or a dash where one of the two was left out. */
export function ratioText(ratio: number): string {
  return Number.isNaN(ratio) ? '–' : ratio.toFixed(2);
}

/** Starts a peer on a free port. */
export async function startPeer(
  bench: Bench,
  comparison: Pick<Comparison, 'name' | 'certificate' | 'backend' | 'check' | 'waitUntilUp'>,
  peer: Peer,
): Promise<Pick<Running, 'child' | 'port'>> {
  const { name, certificate, backend } = comparison;
  const folder = path.join(bench.folder, `${name}-${peer.name}`.replaceAll(/\W+/g, '-'));
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const { port: backendPort, traffic } = backend ?? { port: bench.backendPort, traffic: 'http' };
  const context = { folder, port, backendPort, certificate, traffic };
  const child = await bench.children.start(await peer.prepare(context), bench.cores.proxy);
  if (comparison.waitUntilUp === undefined)
    await waitUntilAnswering(child, port, peer.name, certificate === null ? 'http' : 'https');
  else await comparison.waitUntilUp(child, port, peer.name);
  await comparison.check?.(peer, port);
  return { child, port };
}

async function takeTurn(
  comparison: Comparison,
  { child, port, peer }: Running,
  seconds: number,
): Promise<{ cpu: number; load: LoadResult }> {
  const before = cpuMicroseconds(child.pid);
  const load = await comparison.load(port, seconds);
  const spent = cpuMicroseconds(child.pid) - before;
  if (load.errorAnswers > 0 || load.socketErrors > 0) {
    throw new Error(
      `${peer.name}: ${load.errorAnswers} error answers, ${load.socketErrors} socket errors\n${child.output}`,
    );
  }
  return { cpu: spent / load.requests, load };
}
