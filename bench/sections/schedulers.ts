import type { SchedulerName } from '../../core/shared/config-types.ts';
import type { Bench, Section } from '../bench.ts';
import { keys, schedulerWith } from '../scheduler-setup.ts';
import { median } from '../process/median.ts';

const HASHING: readonly SchedulerName[] = ['key-modulo', 'key-ranges', 'consistent-hash', 'maglev'];
const NAMES: readonly SchedulerName[] = [
  'round-robin',
  'weighted',
  'weighted-round-robin',
  'random',
  'power-of-two-choices',
  'least-connections',
  'fastest',
  'observed',
  'predictive',
  'dynamic-ratio',
  ...HASHING,
];
const FEW = 10;
const MANY = 1000;

/** A pick alone, in this process: no request is made. */
export function measureSchedulers(bench: Bench): Promise<Section> {
  const kinds = [
    ...NAMES.map((name) => ({ name, bounded: null })),
    { name: 'consistent-hash', bounded: 1.25 } as const,
    { name: 'maglev', bounded: 1.25 } as const,
  ];
  const measured = kinds.map(({ name, bounded }) => {
    const title = bounded === null ? name : `${name}, bounded: ${bounded}`;
    bench.progress(title);
    return {
      title,
      name,
      few: measure(bench, name, FEW, bounded),
      many: measure(bench, name, MANY, bounded),
    };
  });
  const slowest = (rows: readonly { readonly us: number }[]): number => Math.max(...rows.map(({ us }) => us));
  return Promise.resolve({
    title: 'Schedulers',
    method:
      'A pick, with a key of 20 characters where one counts, weights from 1 to 3 and up to three requests under way at each backend. ' +
      'CPU time of this process, medians of the rounds. To build: with 1,000 backends, once for each change of the config.',
    table: {
      head: ['', `CPU µs, ${FEW} backends`, `${MANY} backends`, 'ms to build'],
      rows: measured.map(({ title, few, many }) => [
        title,
        few.us.toFixed(3),
        many.us.toFixed(3),
        many.buildMs.toFixed(1),
      ]),
    },
    bars: [
      {
        what: `the slowest scheduler with ${FEW} backends`,
        measured: slowest(measured.map(({ few }) => few)),
        most: 1,
        unit: 'µs',
      },
      {
        what: `the slowest scheduler by key with ${MANY} backends`,
        measured: slowest(measured.flatMap(({ name, many }) => (HASHING.includes(name) ? [many] : []))),
        most: 2,
        unit: 'µs',
      },
    ],
    notes: [],
  });
}

function measure(
  { options }: Bench,
  name: SchedulerName,
  count: number,
  bounded: number | null,
): { readonly us: number; readonly buildMs: number } {
  const weights = Array.from({ length: count }, (_, i) => 1 + (i % 3));
  const beforeBuild = cpuMs();
  const { scheduler, backends } = schedulerWith(name, weights, { bounded });
  scheduler.pick(backends, keys[0]);
  const buildMs = cpuMs() - beforeBuild;
  for (const [i, { runtime }] of backends.entries()) {
    runtime.inFlight = i % 4;
    runtime.reportedWeight = i % 5;
    runtime.recordAnswer(200, performance.now() - (i % 50) - 1, performance.now());
  }
  const run = (picks: number): void => {
    for (let i = 0; i < picks; i++) scheduler.pick(backends, keys[i % keys.length]);
  };
  const picks = options.quick ? 5000 : 50_000;
  run(picks);
  const rounds = Array.from({ length: options.rounds }, () => {
    const before = cpuMs();
    run(picks);
    return ((cpuMs() - before) * 1000) / picks;
  });
  return { us: median(rounds), buildMs };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
