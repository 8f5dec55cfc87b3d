import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { addressOf } from '../backend/checked-addresses.ts';
import type { Bench, Section } from '../bench.ts';
import { tidegateCommand } from '../peers/tidegate.ts';
import type { Child } from '../process/children.ts';
import { freePort } from '../process/free-port.ts';
import { cpuMicroseconds } from '../process/process-tree.ts';
import { waitUntilAnswering } from '../process/wait-until-answering.ts';

const backend = fileURLToPath(new URL('../backend/checked-backend.ts', import.meta.url));

/** The default. */
const intervalSeconds = 5;
/** Each is a listening socket and a connection: more would need more file descriptors than a process may have. */
const mostOfProcess = 2500;

const CHECKS = [
  { what: 'tcp', healthCheck: { type: 'tcp' }, hasBar: true },
  { what: 'http', healthCheck: { type: 'http' }, hasBar: true },
  { what: 'http with `reuse: false`', healthCheck: { type: 'http', reuse: false }, hasBar: false },
];

/** What it costs to check thousands of backends, and how soon one is found to be down. */
export async function measureHealth(bench: Bench): Promise<Section> {
  const count = bench.options.quick ? 1000 : 10_000;
  const seconds = bench.options.quick ? 5 : 20;
  const rows: string[][] = [];
  const bars: Section['bars'][number][] = [];
  for (const { what, healthCheck, hasBar } of CHECKS) {
    bench.progress(`${count} backends, ${what}`);
    const { core, perSecond } = await costOf(bench, healthCheck, count, seconds);
    rows.push([
      `${count} backends, ${what}, every 5s`,
      perSecond.toFixed(0),
      core.toFixed(1),
      ((core * 1e4) / perSecond).toFixed(0),
    ]);
    if (!hasBar) continue;
    bars.push({
      what: `Checks of ${count} backends by ${what}`,
      // A busy machine makes fewer.
      measured: core * Math.max(1, count / intervalSeconds / perSecond),
      most: 30,
      unit: '% of a core at full rate',
    });
  }
  const times = await failoverTimes(bench, bench.options.quick ? 2 : 10);
  const worst = Math.max(...times);
  const sorted = times.toSorted((a, b) => a - b);
  return {
    title: 'Health checks',
    method:
      'CPU time of the whole Tidegate (a primary and one idle worker with its spare) while it checks backends on loopback addresses of their own, with ' +
      'the default interval. Failover: from the SIGKILL of a backend that is checked by http every 300 ms to the log line which says that it is down.',
    table: { head: ['', 'checks/s', '% of a core', 'CPU µs a check'], rows },
    bars: [...bars, { what: 'The slowest failover at 300 ms', measured: worst, most: 1000, unit: 'ms' }],
    notes: [
      `Failover times of ${times.length}: median ${sorted[Math.floor(sorted.length / 2)]?.toFixed(0)} ms, worst ${worst.toFixed(0)} ms.`,
    ],
  };
}

async function startBackends(bench: Bench, port: number, first: number, count: number): Promise<Child> {
  const child = await bench.children.start(
    { program: process.execPath, args: [backend, String(port), String(first), String(count)] },
    bench.cores.load,
  );
  await waitFor(child, () => child.output.includes('connections '), 'the backends');
  return child;
}

async function startProxy(
  bench: Bench,
  name: string,
  addresses: readonly string[],
  healthCheck: object,
): Promise<Child> {
  const folder = path.join(bench.folder, name);
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const command = await tidegateCommand(folder, {
    listeners: [{ name: 'web', address: `127.0.0.1:${port}`, upstream: 'site' }],
    upstreams: { site: { backends: addresses.map((address) => ({ address })), healthCheck } },
    workers: 1,
    log: { level: 'warn', health: false },
  });
  const child = await bench.children.start(command, bench.cores.proxy);
  await waitUntilAnswering(child, port, 'Tidegate');
  return child;
}

async function costOf(
  bench: Bench,
  healthCheck: { readonly type: string },
  count: number,
  seconds: number,
): Promise<{ readonly core: number; readonly perSecond: number }> {
  const port = await freePort();
  const backends: Child[] = [];
  for (let first = 0; first < count; first += mostOfProcess)
    backends.push(await startBackends(bench, port, first, Math.min(mostOfProcess, count - first)));
  const addresses = Array.from({ length: count }, (_, index) => `${addressOf(index)}:${port}`);
  const proxy = await startProxy(bench, `health-${port}`, addresses, healthCheck);
  // The first round also compiles the code.
  await delay(8000);
  const before = {
    cpu: cpuMicroseconds(proxy.pid),
    at: performance.now(),
    checks: checksOf(backends, healthCheck.type),
  };
  await delay(seconds * 1000);
  const cpu = cpuMicroseconds(proxy.pid) - before.cpu;
  const elapsedMs = performance.now() - before.at;
  const checks = checksOf(backends, healthCheck.type) - before.checks;
  if (proxy.output.includes('a backend is down')) throw new Error(`a backend went down:\n${proxy.output}`);
  await proxy.stop();
  for (const each of backends) await each.stop();
  return { core: cpu / (elapsedMs * 10), perSecond: (checks / elapsedMs) * 1000 };
}

async function failoverTimes(bench: Bench, times: number): Promise<number[]> {
  const port = await freePort();
  const address = `${addressOf(0)}:${port}`;
  let child = await startBackends(bench, port, 0, 1);
  const proxy = await startProxy(bench, 'health-failover', [address], { type: 'http', interval: '300ms' });
  const found: number[] = [];
  for (let round = 1; round <= times; round++) {
    if (!child.running) child = await startBackends(bench, port, 0, 1);
    await waitFor(child, () => checksOf([child], 'http') >= 6, 'checks');
    const seen = downsIn(proxy);
    const killed = performance.now();
    child.signal('SIGKILL');
    await waitFor(proxy, () => downsIn(proxy) > seen, 'the failover');
    found.push(performance.now() - killed);
    await child.exited;
    bench.progress(`failover ${round}: ${found.at(-1)?.toFixed(0)} ms`);
  }
  await proxy.stop();
  return found;
}

function checksOf(backends: readonly Child[], type: string): number {
  const counts = backends.map(({ output }) => {
    const [, connections, requests] = /.*connections (\d+) requests (\d+)\n/s.exec(output) ?? [];
    return Number((type === 'http' ? requests : connections) ?? 0);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

function downsIn(proxy: Child): number {
  return proxy.output.split('a backend is down').length - 1;
}

async function waitFor(child: Child, isSo: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isSo()) {
    if (!child.running || performance.now() > deadline)
      throw new Error(`${what} did not come:\n${child.output}`);
    await delay(5);
  }
}
