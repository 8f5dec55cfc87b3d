import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Bench, Section } from '../bench.ts';
import { median } from '../process/median.ts';

const program = fileURLToPath(new URL('../rule-call.ts', import.meta.url));
const result = z.object({ cpuMicroseconds: z.number(), wallMicroseconds: z.number(), faults: z.number() });

/** One call into the sandbox, without a proxy around it: how much of a request's cost it is. */
export async function measureRuleCall(bench: Bench): Promise<Section> {
  const calls = bench.options.quick ? 50_000 : 500_000;
  const rounds = [];
  for (let round = 0; round < bench.options.rounds; round++) {
    const args = ['--no-node-snapshot', program, String(calls)];
    const child = await bench.children.start({ program: process.execPath, args }, bench.cores.proxy);
    await child.finish(120);
    rounds.push(result.parse(JSON.parse(child.output)));
  }
  const cpu = rounds.map((round) => round.cpuMicroseconds);
  const typical = median(cpu);
  const faults = rounds.reduce((sum, round) => sum + round.faults, 0);
  return {
    title: 'One rule call',
    method: `${calls} calls, after a warm-up, of the rule of the proxy comparison, with a request of seven header lines; in ${rounds.length} fresh processes, with the watchdog on. The median.`,
    table: {
      head: ['', 'CPU µs a call', 'range', 'wall µs a call'],
      rows: [
        [
          'request handler',
          typical.toFixed(2),
          `${Math.min(...cpu).toFixed(2)}–${Math.max(...cpu).toFixed(2)}`,
          median(rounds.map((round) => round.wallMicroseconds)).toFixed(2),
        ],
      ],
    },
    bars: [{ what: 'CPU of one rule call', measured: typical, most: 4, unit: 'µs' }],
    notes: faults > 0 ? [`${faults} calls were ended for their time: the machine was too busy.`] : [],
  };
}
