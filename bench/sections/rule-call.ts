import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Bench, Section } from '../bench.ts';
import { median } from '../process/median.ts';

const program = fileURLToPath(new URL('../rule-call.ts', import.meta.url));
const result = z.object({ cpuMicroseconds: z.number(), wallMicroseconds: z.number(), faults: z.number() });

/** In a loaded worker, about twenty of 64 connections have a request in one turn of the event loop. */
const REQUESTS_PER_TURN = 16;

type Rounds = z.infer<typeof result>[];

/** A rule's decision, without a proxy around it: how much of a request's cost it is. */
export async function measureRuleCall(bench: Bench): Promise<Section> {
  const decisions = bench.options.quick ? 50_000 : 500_000;
  const together: Rounds = [];
  const alone: Rounds = [];
  const measure = async (perCall: number): Promise<Rounds[number]> => {
    const args = ['--no-node-snapshot', program, String(decisions), String(perCall)];
    const child = await bench.children.start({ program: process.execPath, args }, bench.cores.proxy);
    await child.finish(120);
    return result.parse(JSON.parse(child.output));
  };
  for (let round = 0; round < bench.options.rounds; round++) {
    together.push(await measure(REQUESTS_PER_TURN));
    alone.push(await measure(1));
  }
  const faults = [...together, ...alone].reduce((sum, round) => sum + round.faults, 0);
  const typical = median(together.map((round) => round.cpuMicroseconds));
  return {
    title: 'A rule call',
    method:
      `${decisions} decisions, after a warm-up, of the rule of the proxy comparison, with requests of seven header lines; in ${together.length} fresh processes each, with the watchdog on. ` +
      'Requests of one turn of the event loop go into the sandbox together. Medians.',
    table: {
      head: ['', 'CPU µs a request', 'range', 'wall µs a request'],
      rows: [
        row(`with ${REQUESTS_PER_TURN - 1} others in its turn`, together),
        row('alone in its turn', alone),
      ],
    },
    bars: [
      {
        what: `CPU of a rule call, ${REQUESTS_PER_TURN} requests a turn`,
        measured: typical,
        most: 4,
        unit: 'µs',
      },
    ],
    notes: faults > 0 ? [`${faults} calls were ended for their time: the machine was too busy.`] : [],
  };
}

function row(what: string, rounds: Rounds): string[] {
  const cpu = rounds.map((round) => round.cpuMicroseconds);
  return [
    what,
    median(cpu).toFixed(2),
    `${Math.min(...cpu).toFixed(2)}–${Math.max(...cpu).toFixed(2)}`,
    median(rounds.map((round) => round.wallMicroseconds)).toFixed(2),
  ];
}
