import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Policer } from '../../../core/shared/policer.ts';

const MB = 1_000_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Sends datagrams of one size at a rate, and counts the bytes of those that pass. */
class Sender {
  passed = 0;
  sent = 0;
  readonly #policer: Policer;
  readonly #perMs: number;
  readonly #bytes: number;
  #due = 0;

  constructor(policer: Policer, perSecond: number, bytes = 1000) {
    this.#policer = policer;
    this.#perMs = perSecond / 1000;
    this.#bytes = bytes;
  }

  run(): void {
    for (this.#due += this.#perMs; this.#due >= this.#bytes; this.#due -= this.#bytes) {
      this.sent += this.#bytes;
      if (this.#policer.admits(this, this.#bytes)) this.passed += this.#bytes;
    }
  }
}

function run(ms: number, ...senders: readonly Sender[]): void {
  for (let at = 0; at < ms; at++) {
    for (const sender of senders) sender.run();
    vi.advanceTimersByTime(1);
  }
}

function limited(common: number | null, own: number | null = null): Policer {
  const policer = new Policer();
  policer.setRates(common, own);
  return policer;
}

function expectAbout(bytes: number, expected: number): void {
  expect(bytes / expected).toBeGreaterThan(0.93);
  expect(bytes / expected).toBeLessThan(1.07);
}

test.each([100, 1000, 9000, 60_000])('one alone gets the common rate in datagrams of %i bytes', (bytes) => {
  const one = new Sender(limited(MB), 5 * MB, bytes);
  run(5000, one);
  expectAbout(one.passed, 5 * MB);
});

test('who stays below loses nothing', () => {
  const one = new Sender(limited(MB), 0.9 * MB);
  run(5000, one);
  expect(one.passed).toBe(one.sent);
});

test('those who send too much get the same, whatever they send', () => {
  const policer = limited(MB);
  const senders = [1, 2, 5, 20].map((rate) => new Sender(policer, rate * MB));
  run(5000, ...senders);
  for (const { passed } of senders) expectAbout(passed, 1.25 * MB);
});

test('who needs less than its part loses next to nothing beside a flood, which gets the rest', () => {
  const policer = limited(MB);
  const modest = [1, 2, 3].map(() => new Sender(policer, 0.1 * MB, 500));
  const flood = new Sender(policer, 50 * MB);
  run(5000, ...modest, flood);
  for (const { passed, sent } of modest) expect(passed / sent).toBeGreaterThan(0.97);
  expectAbout(flood.passed, 3.5 * MB);
});

test('each has its own rate', () => {
  const policer = limited(null, 0.1 * MB);
  const senders = [1, 5].map((rate) => new Sender(policer, rate * MB));
  run(5000, ...senders);
  for (const { passed } of senders) expectAbout(passed, 0.5 * MB);
});

test('a rate that changes holds at once', () => {
  const policer = limited(MB);
  const one = new Sender(policer, 20 * MB);
  run(1000, one);
  policer.setRates(5 * MB, null);
  const before = one.passed;
  run(2000, one);
  expectAbout(one.passed - before, 10 * MB);
  policer.setRates(null, null);
  const free = one.passed;
  run(100, one);
  expect(one.passed - free).toBe(2 * MB);
});
