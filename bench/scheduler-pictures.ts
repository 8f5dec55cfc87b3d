// Draws docs/pictures/*.svg from picks of the real schedulers: node bench/scheduler-pictures.ts
import { mkdir, writeFile } from 'node:fs/promises';
import type { SchedulerName } from '../core/shared/config-types.ts';
import { Fastest } from '../core/upstreams/schedulers/fastest.ts';
import { LeastConnections } from '../core/upstreams/schedulers/least-connections.ts';
import { Observed } from '../core/upstreams/schedulers/observed.ts';
import { PowerOfTwoChoices } from '../core/upstreams/schedulers/power-of-two-choices.ts';
import { Predictive } from '../core/upstreams/schedulers/predictive.ts';
import { Random } from '../core/upstreams/schedulers/random.ts';
import { RoundRobin } from '../core/upstreams/schedulers/round-robin.ts';
import type { Scheduler } from '../core/upstreams/schedulers/scheduler.ts';
import { WeightedRoundRobin } from '../core/upstreams/schedulers/weighted-round-robin.ts';
import { Weighted } from '../core/upstreams/schedulers/weighted.ts';
import type { Backend } from '../core/upstreams/backend.ts';
import { schedulerWith, seededRandom } from './scheduler-setup.ts';
import { bar, colour, dashed, percent, svg, text, ticks } from './svg.ts';

const LEFT = 190;
const equal = (count: number): number[] => new Array<number>(count).fill(1);
const KEYS = Array.from({ length: 100_000 }, (_, i) => `user${i}`);
const BY_KEY: readonly SchedulerName[] = ['key-modulo', 'consistent-hash', 'maglev'];

function turns(): string {
  const weights = [1, 1, 2, 3, 5];
  const shown = 120;
  const counted = 12_000;
  const kinds: readonly [string, Scheduler][] = [
    ['round-robin', new RoundRobin()],
    ['weighted', new Weighted()],
    ['weighted-round-robin', new WeightedRoundRobin()],
    ['least-connections (idle)', new LeastConnections()],
    ['random', new Random(seededRandom(1))],
    ['power-of-two-choices (idle)', new PowerOfTwoChoices(seededRandom(2))],
  ];
  const parts = kinds.flatMap(([name, scheduler], row) => {
    const top = 14 + row * 64;
    const { backends } = schedulerWith('round-robin', weights);
    const counts = weights.map(() => 0);
    const places = weights.map((): [number, number][] => []);
    for (let i = 0; i < counted; i++) {
      const backend = scheduler.pick(backends);
      if (backend === undefined) continue;
      const index = backends.indexOf(backend);
      counts[index] = (counts[index] ?? 0) + 1;
      if (i < shown) places[index]?.push([LEFT + 2 + i * 4, top + index * 10]);
    }
    return [
      text(LEFT - 10, top + 28, name, 'end'),
      ...places.map((each, i) => ticks(each, 8, colour(i))),
      text(
        LEFT + shown * 4 + 10,
        top + 28,
        counts.map((count) => `${Math.round((count / counted) * 100)}`).join(' : '),
      ),
    ];
  });
  return svg(820, 400, 'Which of five backends got which request', parts);
}

function keysPicture(): string {
  const parts = BY_KEY.flatMap((name, row) => {
    const base = 110 + row * 120;
    const { scheduler, backends } = schedulerWith(name, equal(10));
    const counts = new Map(backends.map((backend) => [backend, 0]));
    for (const key of KEYS) {
      const backend = scheduler.pick(backends, key);
      if (backend !== undefined) counts.set(backend, (counts.get(backend) ?? 0) + 1);
    }
    const shares = [...counts.values()].map((count) => count / KEYS.length);
    return [
      text(LEFT - 10, base - 35, name, 'end'),
      ...shares.map((share, i) => bar(LEFT + i * 36, base - share * 700, 30, share * 700, colour(0))),
      dashed(LEFT - 4, base - 70, 364, 0),
      text(LEFT + 370, base - 65, `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}`),
    ];
  });
  return svg(700, 370, 'Keys of ten backends', parts);
}

function moves(): string {
  const parts = BY_KEY.flatMap((name, row) => {
    const base = 14 + row * 92;
    const ten = schedulerWith(name, equal(10));
    const placesOf = ({ scheduler }: typeof ten, candidates: readonly Backend[]): (string | undefined)[] =>
      KEYS.map((key) => scheduler.pick(candidates, key)?.addressText);
    const before = placesOf(ten, ten.backends);
    const nine = schedulerWith(name, equal(9));
    const eleven = schedulerWith(name, equal(11));
    const changes = [
      ['one goes down', placesOf(ten, ten.backends.slice(0, 9))],
      ['one leaves the config', placesOf(nine, nine.backends)],
      ['one joins the config', placesOf(eleven, eleven.backends)],
    ] as const;
    return changes.flatMap(([what, after], i) => {
      const moved = before.filter((place, key) => place !== after[key]).length / KEYS.length;
      const top = base + i * 26;
      return [
        text(LEFT + 130, top + 14, `${name}: ${what}`, 'end'),
        bar(LEFT + 140, top, moved * 400, 20, colour(row)),
        text(LEFT + 146 + moved * 400, top + 14, percent(moved)),
      ];
    });
  });
  return svg(800, 290, 'Keys that move', parts);
}

function latencies(): string {
  const msOf = [10, 10, 20, 40, 80];
  const clock = { now: 1000 };
  const read = (): number => clock.now;
  const kinds: readonly [string, Scheduler][] = [
    ['round-robin', new RoundRobin()],
    ['least-connections', new LeastConnections()],
    ['power-of-two-choices', new PowerOfTwoChoices(seededRandom(3))],
    ['fastest', new Fastest(seededRandom(4), read)],
    ['observed', new Observed(read)],
    ['predictive', new Predictive(read)],
  ];
  const parts = kinds.flatMap(([name, scheduler], row) => {
    const top = 30 + row * 34;
    const counts = simulate(scheduler, clock, msOf);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const mean = counts.reduce((sum, count, i) => sum + count * (msOf[i] ?? 0), 0) / total;
    let x = LEFT;
    const bars = counts.map((count, i) => {
      const width = (count / total) * 480;
      x += width;
      return bar(x - width, top, width, 24, colour(i));
    });
    return [
      text(LEFT - 10, top + 16, name, 'end'),
      ...bars,
      text(LEFT + 490, top + 16, `mean ${mean.toFixed(1)} ms`),
    ];
  });
  const legend = msOf.flatMap((ms, i) => [
    bar(LEFT + i * 70, 8, 12, 12, colour(i)),
    text(LEFT + 16 + i * 70, 18, `${ms} ms`),
  ]);
  return svg(800, 240, 'Shares of backends with different latencies', [...legend, ...parts]);
}

/** A request every 5 ms, 20,000 of them. */
function simulate(scheduler: Scheduler, clock: { now: number }, msOf: readonly number[]): number[] {
  const { backends } = schedulerWith('round-robin', equal(msOf.length));
  const counts = msOf.map(() => 0);
  let underWay: { readonly index: number; readonly endMs: number }[] = [];
  for (let i = 0; i < 20_000; i++) {
    clock.now += 5;
    for (const { index, endMs } of underWay) {
      if (endMs > clock.now) continue;
      const runtime = backends[index]?.runtime;
      if (runtime === undefined) continue;
      runtime.inFlight -= 1;
      runtime.recordAnswer(200, endMs - (msOf[index] ?? 0), endMs);
    }
    underWay = underWay.filter(({ endMs }) => endMs > clock.now);
    const backend = scheduler.pick(backends);
    if (backend === undefined) continue;
    const index = backends.indexOf(backend);
    backend.runtime.inFlight += 1;
    counts[index] = (counts[index] ?? 0) + 1;
    underWay.push({ index, endMs: clock.now + (msOf[index] ?? 0) });
  }
  return counts;
}

function bounded(): string {
  const kinds = [null, 2, 1.25, 1.1] as const;
  const parts = kinds.flatMap((bound, row) => {
    const base = 110 + row * 120;
    const { scheduler, backends } = schedulerWith('maglev', equal(10), { bounded: bound });
    for (let i = 0; i < 1000; i++) {
      const backend = scheduler.pick(backends, i % 5 === 0 ? 'hot' : KEYS[i]);
      if (backend !== undefined) backend.runtime.inFlight += 1;
    }
    const loads = backends.map(({ runtime }) => runtime.inFlight);
    return [
      text(LEFT - 10, base - 35, bound === null ? 'maglev' : `maglev, bounded: ${bound}`, 'end'),
      ...loads.map((load, i) => bar(LEFT + i * 36, base - load * 0.35, 30, load * 0.35, colour(1))),
      dashed(LEFT - 4, base - 35, 364, 0),
      text(LEFT + 370, base - 31, `at most ${Math.max(...loads)} of 1,000`),
    ];
  });
  return svg(700, 490, 'Requests under way with one much-asked key', parts);
}

const folder = new URL('../docs/pictures/', import.meta.url);
await mkdir(folder, { recursive: true });
const pictures = { turns, keys: keysPicture, moves, latencies, bounded };
for (const [name, draw] of Object.entries(pictures)) await writeFile(new URL(`${name}.svg`, folder), draw());
