import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Pacer, type PacedFlow } from '../../../core/shared/pacer.ts';

const MiB = 2 ** 20;
const KiB = 2 ** 10;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Passes on pieces of one size for as long as it may. `perMs`: so many more bytes it has to pass on. */
class Sender {
  passed = 0;
  timesHeld = 0;
  readonly flow: PacedFlow;
  readonly #piece: number;
  readonly #perMs: number;
  #mayGoOn = true;
  #backlog = 0;

  constructor(pacer: Pacer, piece: number, perMs = Number.POSITIVE_INFINITY) {
    this.#piece = piece;
    this.#perMs = perMs;
    this.flow = pacer.flow(() => {
      this.#mayGoOn = true;
    });
  }

  run(): void {
    this.#backlog += this.#perMs;
    while (this.#mayGoOn && this.#backlog >= this.#piece) {
      this.passed += this.#piece;
      this.#backlog -= this.#piece;
      this.#mayGoOn = this.flow.spend(this.#piece);
      if (!this.#mayGoOn) this.timesHeld += 1;
    }
  }
}

function run(ms: number, ...senders: readonly Sender[]): void {
  for (let at = 0; at < ms; at++) {
    for (const sender of senders) sender.run();
    vi.advanceTimersByTime(1);
  }
}

function limited(common: number | null, own: number | null = null): Pacer {
  const made = new Pacer();
  made.setRates(common, own);
  return made;
}

function expectAbout(bytes: number, expected: number): void {
  expect(bytes / expected).toBeGreaterThan(0.93);
  expect(bytes / expected).toBeLessThan(1.07);
}

describe('the rate that all share', () => {
  test.each([1000, 16 * KiB, 64 * KiB])('is what one gets who is alone, in pieces of %i bytes', (piece) => {
    const one = new Sender(limited(MiB), piece);
    run(5000, one);
    expectAbout(one.passed, 5 * MiB);
  });

  test('is shared equally, whatever the size of their pieces', () => {
    const common = limited(MiB);
    const senders = [500, 1400, 16 * KiB, 64 * KiB].map((piece) => new Sender(common, piece));
    run(10_000, ...senders);
    for (const { passed } of senders) expectAbout(passed, 2.5 * MiB);
  });

  test('is for the others where one needs less than its part, and that one is not held up', () => {
    const common = limited(MiB);
    // 100 KB a second, in single packets
    const modest = new Sender(common, 100, 100);
    const greedy = [new Sender(common, 64 * KiB), new Sender(common, 64 * KiB)];
    run(10_000, modest, ...greedy);
    expect(modest.passed).toBe(1_000_000);
    expect(modest.timesHeld).toBeLessThan(20);
    for (const { passed } of greedy) expectAbout(passed, (10 * MiB - 1_000_000) / 2);
  });

  test('is for the others where one has none to send', () => {
    const common = limited(MiB);
    const first = new Sender(common, 4 * KiB);
    const second = new Sender(common, 4 * KiB);
    run(2000, first, second);
    const before = second.passed;
    run(2000, second);
    expectAbout(second.passed - before, 2 * MiB);
  });

  test('is reached by a thousand who share little, and nobody gets nothing', () => {
    const common = limited(MiB);
    const senders = Array.from({ length: 1000 }, () => new Sender(common, 1000));
    run(5000, ...senders);
    // each may pass on a piece before it is made to wait
    const all = senders.reduce((sum, { passed }) => sum + passed, 0);
    expect(all).toBeLessThan(6.2 * MiB);
    expect(all).toBeGreaterThan(4.9 * MiB);
    expect(Math.min(...senders.map(({ passed }) => passed))).toBeGreaterThan(2000);
  });

  test('holds those who come, send and go, too', () => {
    const common = limited(MiB);
    let passed = 0;
    for (let at = 0; at < 5000; at++) {
      const guest = common.flow(() => {});
      if (guest.spend(0)) {
        guest.spend(60 * KiB);
        passed += 60 * KiB;
      }
      guest.close();
      vi.advanceTimersByTime(1);
    }
    expectAbout(passed, 5 * MiB);
  });
});

describe('a rate of its own', () => {
  test('is what each gets', () => {
    const each = limited(null, 100 * KiB);
    const senders = [1000, 64 * KiB].map((piece) => new Sender(each, piece));
    run(10_000, ...senders);
    for (const { passed } of senders) expectAbout(passed, 1000 * KiB);
  });

  test('counts beside the one that all share', () => {
    const both = limited(100 * KiB, 80 * KiB);
    const alone = new Sender(both, 1000);
    run(5000, alone);
    expectAbout(alone.passed, 400 * KiB);
    const other = new Sender(both, 1000);
    const before = alone.passed;
    run(5000, alone, other);
    expectAbout(alone.passed - before, 250 * KiB);
    expectAbout(other.passed, 250 * KiB);
  });
});

test('who has no rate never waits, and no timer runs', () => {
  const one = new Sender(limited(null), 64 * KiB, MiB);
  run(10, one);
  expect(one.passed).toBe(10 * MiB);
  expect(vi.getTimerCount()).toBe(0);
});

test('no timer runs when nobody waits any more', () => {
  const one = new Sender(limited(MiB), 64 * KiB);
  run(1000, one);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1000);
  expect(vi.getTimerCount()).toBe(0);
});

test('who is over is not called any more', () => {
  const common = limited(MiB);
  const onAllowed = vi.fn<() => void>();
  const flow = common.flow(onAllowed);
  expect(flow.spend(MiB)).toBe(false);
  flow.close();
  vi.advanceTimersByTime(5000);
  expect(onAllowed).not.toHaveBeenCalled();
});

test('a rate that changes holds for those who wait already', () => {
  const common = limited(10 * KiB);
  const one = new Sender(common, 64 * KiB);
  run(1000, one);
  common.setRates(MiB, null);
  const before = one.passed;
  run(5000, one);
  expectAbout(one.passed - before, 5 * MiB);
  common.setRates(null, 100 * KiB);
  run(1000, one);
  const slow = one.passed;
  run(5000, one);
  expectAbout(one.passed - slow, 500 * KiB);
});

test('so does one that is taken away', () => {
  const common = limited(KiB, KiB);
  const one = new Sender(common, 64 * KiB, 64 * KiB);
  run(100, one);
  expect(one.passed).toBe(64 * KiB);
  common.setRates(null, null);
  run(100, one);
  expect(one.passed).toBeGreaterThan(50 * 64 * KiB);
});
