import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonValue, PluginSiblings } from '../../../../plugins/api.ts';
import type { Counter, Limit } from '../../../../plugins/builtin/rate-limit/counter.ts';
import { KeyTable } from '../../../../plugins/builtin/rate-limit/key-table.ts';
import { SharedTakes } from '../../../../plugins/builtin/rate-limit/shared-takes.ts';
import { SlidingWindow } from '../../../../plugins/builtin/rate-limit/sliding-window.ts';
import { TokenBucket } from '../../../../plugins/builtin/rate-limit/token-bucket.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const limit: Limit = { name: 'test', requests: 100, perMs: 1000, burst: 100 };
const algorithms: Record<string, () => Counter> = {
  'token bucket': () => new TokenBucket(limit),
  'sliding window': () => new SlidingWindow(limit),
};

interface Worker {
  /** Whether a request comes through. */
  ask(): boolean;
  leave(): void;
}

/** Workers whose messages take so long. */
class Machine {
  readonly #latencyMs: number;
  readonly #create: () => Counter;
  readonly #listeners = new Map<PluginSiblings, (message: JsonValue) => void>();

  constructor(latencyMs: number, create: () => Counter) {
    this.#latencyMs = latencyMs;
    this.#create = create;
  }

  start(): Worker {
    const listeners = this.#listeners;
    const siblings: PluginSiblings = {
      workers: 4,
      send: (message) => {
        for (const [other, listener] of listeners)
          if (other !== siblings) setTimeout(listener, this.#latencyMs, message);
      },
      onMessage: (listener) => void listeners.set(siblings, listener),
    };
    const now = (): number => performance.now();
    const table = new KeyTable(100, () => [this.#create()]);
    const shared = new SharedTakes(siblings, table, now);
    return {
      ask() {
        const [counter] = table.get('key', now());
        if (counter === undefined || counter.waitMs(now()) > 0) return false;
        counter.take(now(), 1);
        shared.add('key');
        return true;
      },
      leave() {
        listeners.delete(siblings);
      },
    };
  }
}

/** One request to each worker in each millisecond: how many come through. */
async function allowedIn(ms: number, workers: readonly Worker[]): Promise<number> {
  let allowed = 0;
  for (let i = 0; i < ms; i++) {
    for (const worker of workers) if (worker.ask()) allowed += 1;
    await vi.advanceTimersByTimeAsync(1);
  }
  return allowed;
}

describe.each(Object.keys(algorithms))('%s', (algorithm) => {
  const machine = (latencyMs: number): Machine =>
    new Machine(latencyMs, algorithms[algorithm] ?? (() => new TokenBucket(limit)));

  test.each([
    [2, 1],
    [4, 1],
    [4, 50],
    [16, 20],
  ])('%i workers that hear each other after %i ms hold the rate to within 5 %%', async (count, latencyMs) => {
    const running = machine(latencyMs);
    const workers = Array.from({ length: count }, () => running.start());
    // the first burst is given by each, and paid off
    await allowedIn(count * 1000 + 1000, workers);
    const allowed = await allowedIn(10_000, workers);
    expect(allowed).toBeGreaterThan(950);
    expect(allowed).toBeLessThan(1050);
  });

  test('a worker in the place of one that died gives no burst of its own', async () => {
    const running = machine(1);
    const [one, dies] = [running.start(), running.start()];
    await allowedIn(3000, [one, dies]);
    dies.leave();
    const late = running.start();
    await vi.advanceTimersByTimeAsync(5);
    const allowed = await allowedIn(1000, [one, late]);
    expect(allowed).toBeGreaterThan(90);
    expect(allowed).toBeLessThan(110);
  });
});
