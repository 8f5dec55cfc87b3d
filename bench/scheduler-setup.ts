import type { SchedulerConfig, SchedulerName } from '../core/shared/config-types.ts';
import { Backend, BackendRuntime } from '../core/upstreams/backend.ts';
import { createScheduler, type Scheduler } from '../core/upstreams/schedulers/scheduler.ts';

/** Keys as an application has them. */
export const keys = Array.from({ length: 1000 }, (_, i) => `session-${String(i * 7919).padStart(12, '0')}`);

/** Nothing is connected to. */
class BenchBackend extends Backend {
  readonly isUp = true;
}

/** A scheduler with idle backends of these weights, without a proxy around it. */
export function schedulerWith(
  type: SchedulerName,
  weights: readonly number[],
  settings: Partial<SchedulerConfig> = {},
): { readonly scheduler: Scheduler; readonly backends: readonly Backend[] } {
  const backends = weights.map((weight, i) => {
    const host = `10.0.${i >> 8}.${i & 255}`;
    const addressText = `${host}:8080`;
    const terms = { weight, state: 'ready', priority: 0 } as const;
    return new BenchBackend(terms, new BackendRuntime(), {
      addressText,
      rowText: addressText,
      backupFor: null,
    });
  });
  const scheduler = createScheduler({
    type,
    key: null,
    subKey: false,
    bounded: null,
    table: 65_537,
    ranges: backends.map(({ addressText }, i) => ({
      from: `session-${String(i).padStart(4, '0')}`,
      to: `session-${String(i + 1).padStart(4, '0')}`,
      backends: [addressText],
    })),
    header: null,
    ...settings,
  });
  scheduler.setBackends?.(backends);
  return { scheduler, backends };
}

/** Random numbers from a seed, 0 up to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
