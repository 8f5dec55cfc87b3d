import type { Bench, Section } from '../bench.ts';
import { runLoad } from '../load/load.ts';
import { median } from '../process/median.ts';
import { cpuMicroseconds } from '../process/process-tree.ts';
import { startTidegate } from './start-tidegate.ts';

const sizes = [10, 10_000] as const;

/** Whether a request costs more where the table is long. Every request picks a route at random. */
export async function measureRoutes(bench: Bench): Promise<Section> {
  const running = [];
  for (const size of sizes) {
    const tidegate = await startTidegate(bench, `routes-${size}`, { routes: routeTable(size) });
    running.push({ size, tidegate, cpu: [] as number[], rate: [] as number[] });
  }
  for (let round = 0; round <= bench.options.rounds; round++) {
    for (const { size, tidegate, cpu, rate } of running) {
      const before = cpuMicroseconds(tidegate.child.pid);
      const load = await runLoad(bench.children, bench.cores.load, {
        port: tidegate.port,
        path: '/service-{n}/items?page=2',
        spread: size / 2,
        connections: 64,
        seconds: bench.options.seconds,
      });
      if (load.errorAnswers > 0) throw new Error(`${load.errorAnswers} error answers with ${size} routes`);
      if (round === 0) continue; // the first one warms up
      cpu.push((cpuMicroseconds(tidegate.child.pid) - before) / load.requests);
      rate.push(load.requests / load.seconds);
      bench.progress(`round ${round}: ${size} routes: ${cpu.at(-1)?.toFixed(1)} µs`);
    }
  }
  for (const { tidegate } of running) await tidegate.child.stop();
  const [few, many] = running.map(({ cpu }) => median(cpu));
  return {
    title: 'Long route tables',
    method:
      'A listener with 10 and one with 10,000 routes (exact and prefix paths, exact and wildcard hosts), measured in turns; every request asks for a random one of the routes.',
    table: {
      head: ['routes', 'CPU µs a request', 'requests/s'],
      rows: running.map(({ size, cpu, rate }) => [
        String(size),
        median(cpu).toFixed(1),
        String(Math.round(median(rate))),
      ]),
    },
    bars: [
      {
        what: 'CPU a request with 10,000 routes, of 10 routes',
        measured: (many ?? Number.NaN) / (few ?? Number.NaN),
        most: 1.1,
        unit: '×',
      },
    ],
    notes: [],
  };
}

/** Half of the routes match what is asked for; the others, of every kind, lie around them. */
function routeTable(size: number): unknown[] {
  return Array.from({ length: size }, (_, index) => {
    const number = Math.floor(index / 2);
    if (index % 2 === 0) return { path: `/service-${number}/*`, upstream: 'site' };
    if (index % 3 === 0) return { host: `*.tenant-${number}.example.com`, upstream: 'beta' };
    if (index % 5 === 0) return { host: `shop-${number}.example.com`, path: '/cart', upstream: 'beta' };
    return { path: `/exact/page-${number}`, upstream: 'beta' };
  });
}
