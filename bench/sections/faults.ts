import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Bench, Section } from '../bench.ts';
import { runLoad } from '../load/load.ts';
import { ask, Prober } from '../load/prober.ts';
import { startTidegate, waitForWorker, type RunningTidegate } from './start-tidegate.ts';

const cli = fileURLToPath(new URL('../../core/cli/main.ts', import.meta.url));
const timeLimitMs = 10;

/** What hostile rule scripts cost other requests on the same worker. */
export async function measureFaults(bench: Bench): Promise<Section> {
  const loop = await measureEndlessLoop(bench);
  const array = await measureFatalArray(bench);
  return {
    title: 'Hostile rules',
    method:
      `One worker, eight clients that keep asking while another one sets the fault off; timeLimit ${timeLimitMs} ms. ` +
      'The wait is the longest time to an answer, the silence the longest span in which nobody got a good answer.',
    table: {
      head: [
        'fault',
        'shots',
        'longest wait or silence, ms',
        'without a fault, ms',
        'workers that died',
        'after the quarantine',
      ],
      rows: [
        [
          'for(;;){}',
          String(loop.shots),
          loop.longest.toFixed(1),
          loop.calm.toFixed(1),
          String(loop.deaths),
          '–',
        ],
        [
          'new Array(1e9).fill(0)',
          String(array.shots),
          array.longest.toFixed(0),
          array.calm.toFixed(1),
          String(array.deaths),
          String(array.deathsAfterwards),
        ],
      ],
    },
    bars: [
      {
        what: 'Longest wait of another request during for(;;){}',
        measured: loop.longest,
        most: timeLimitMs + 10,
        unit: 'ms',
      },
      { what: 'Workers that died of for(;;){}', measured: loop.deaths, most: 0, unit: '' },
      {
        what: 'Longest silence after new Array(1e9).fill(0)',
        measured: array.longest,
        most: 1000,
        unit: 'ms',
      },
      {
        what: 'Workers that died of it after the quarantine',
        measured: array.deathsAfterwards,
        most: 0,
        unit: '',
      },
    ],
    notes: loop.failed > 0 ? [`${loop.failed} other requests failed during for(;;){}.`] : [],
  };
}

interface LoopResult {
  readonly shots: number;
  readonly longest: number;
  readonly calm: number;
  readonly deaths: number;
  readonly failed: number;
}

async function measureEndlessLoop(bench: Bench): Promise<LoopResult> {
  const rule = path.join(bench.folder, 'loop-rule.ts');
  await writeFile(rule, faultRule("if (req.path === '/fault') for (;;);"));
  const tidegate = await startTidegate(bench, 'faults-loop', {
    rules: { script: rule, timeLimit: `${timeLimitMs}ms` },
  });
  // Warm code is the hard case: V8 is then about to compile, or has compiled, the loop.
  await runLoad(bench.children, bench.cores.load, {
    port: tidegate.port,
    path: '/',
    connections: 16,
    seconds: 2,
  });
  const worker = await waitForWorker(tidegate);
  const prober = new Prober(tidegate.port, 8);
  await delay(500);
  // As the shots are asked for, so that the first of them does not find this process's own code cold.
  for (let count = 0; count < 20; count++) await ask(tidegate.port, '/', false);
  const calmFrom = performance.now();
  await delay(1000);
  const calm = longestWait(prober, calmFrom, performance.now());
  const shots = 4; // one more within a minute would put the script into quarantine
  const longest: number[] = [];
  let failed = 0;
  for (let shot = 0; shot < shots; shot++) {
    const from = performance.now();
    await ask(tidegate.port, '/fault', false);
    await delay(250);
    longest.push(longestWait(prober, from, performance.now()));
    failed += prober.during(from, performance.now()).filter((probe) => probe.status !== 200).length;
  }
  await prober.stop();
  const deaths = tidegate.workerPid() === worker ? 0 : 1;
  await tidegate.child.stop();
  bench.progress(`longest wait of each shot: ${longest.map((ms) => ms.toFixed(1)).join(', ')} ms`);
  return { shots, longest: Math.max(...longest), calm, deaths, failed };
}

function longestWait(prober: Prober, fromMs: number, toMs: number): number {
  return Math.max(0, ...prober.during(fromMs, toMs).map((probe) => probe.answeredMs - probe.sentMs));
}

interface ArrayResult {
  readonly shots: number;
  readonly longest: number;
  readonly calm: number;
  readonly deaths: number;
  readonly deathsAfterwards: number;
}

async function measureFatalArray(bench: Bench): Promise<ArrayResult> {
  const rule = path.join(bench.folder, 'array-rule.ts');
  await writeFile(rule, faultRule(''));
  const tidegate = await startTidegate(bench, 'faults-array', { rules: rule });
  // The harmless version has served; now the hostile one takes over, and is to be replaced by it again.
  await writeFile(rule, faultRule("if (req.path === '/fault') new Array(1e9).fill(0);"));
  await reload(bench, tidegate);
  await runLoad(bench.children, bench.cores.load, {
    port: tidegate.port,
    path: '/',
    connections: 16,
    seconds: 1,
  });
  const prober = new Prober(tidegate.port, 8);
  const calmFrom = performance.now();
  await delay(1000);
  const calm = longestSilence(prober, calmFrom, performance.now());
  let longest = 0;
  let deaths = 0;
  let shots = 0;
  for (let alive = false; !alive && shots < 6; shots++) {
    const from = performance.now();
    const died = await shoot(tidegate, prober);
    if (died) deaths++;
    alive = !died;
    longest = Math.max(longest, longestSilence(prober, from, performance.now()));
    bench.progress(`array shot ${shots + 1}: ${died ? 'the worker died' : 'the worker lives'}`);
  }
  let deathsAfterwards = 0;
  for (let shot = 0; shot < 5; shot++) if (await shoot(tidegate, prober)) deathsAfterwards++;
  await prober.stop();
  await tidegate.child.stop();
  return { shots, longest, calm, deaths, deathsAfterwards };
}

/** Sets the fault off and waits until others are served again. @returns whether the worker died of it. */
async function shoot(tidegate: RunningTidegate, prober: Prober): Promise<boolean> {
  const worker = await waitForWorker(tidegate);
  await ask(tidegate.port, '/fault', false);
  await delay(1500);
  const deadline = performance.now() + 10_000;
  const since = performance.now();
  while (
    !prober.during(since, performance.now()).some((probe) => probe.sentMs > since && probe.status === 200)
  ) {
    if (performance.now() > deadline) throw new Error(`no answer for ten seconds\n${tidegate.child.output}`);
    await delay(10);
  }
  return tidegate.workerPid() !== worker;
}

function longestSilence(prober: Prober, fromMs: number, toMs: number): number {
  const good = prober.during(fromMs, toMs).filter((probe) => probe.status === 200);
  const moments = [fromMs, ...good.map((probe) => probe.answeredMs).toSorted((a, b) => a - b)];
  return Math.max(...moments.map((moment, index) => (moments[index + 1] ?? moment) - moment));
}

async function reload(bench: Bench, tidegate: RunningTidegate): Promise<void> {
  const args = [cli, 'reload', '--config', path.join(tidegate.folder, 'tidegate.config.json')];
  const command = await bench.children.start({ program: process.execPath, args }, bench.cores.load);
  await command.finish(60);
}

function faultRule(fault: string): string {
  return `import { defineRules, next } from 'tidegate/rules';
export default defineRules({
  request(req) {
    ${fault}
    return next();
  },
});
`;
}
