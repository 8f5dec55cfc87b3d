import type { SchedulerConfig, SchedulerName, UpstreamConfig } from '../../../core/shared/config-types.ts';
import { AddressBackend, BackendRuntime, type Backend } from '../../../core/upstreams/backend.ts';

/** Backends b0, b1, … with these weights. */
export function backendsOf(...weights: readonly number[]): Backend[] {
  const config = upstreamConfig('test', weights);
  return config.backends.map((row) => new AddressBackend(row, config, new BackendRuntime()));
}

/** Backends b0, b1, … with weight 1 in the config, of which so much counts now. */
export function slowStarting(weights: readonly number[]): Backend[] {
  const backends = backendsOf(...weights.map(() => 1));
  for (const [i, backend] of backends.entries()) backend.slowStartShare = weights[i] ?? 1;
  return backends;
}

export function upstreamConfig(
  name: string,
  weights: readonly number[],
  scheduler: SchedulerName = 'round-robin',
): UpstreamConfig {
  return {
    name,
    scheduler: schedulerConfig(scheduler),
    backends: weights.map((weight, i) => ({
      address: { kind: 'tcp', host: '127.0.0.1', port: 9000 + i },
      addressText: `b${i}`,
      weight,
      state: 'ready',
      priority: 0,
      backupFor: null,
    })),
    nested: [],
    minAvailable: 1,
    slowStartMs: null,
    maxConnections: null,
    queue: { length: 1000, timeoutMs: 5000 },
    workers: 1,
    sticky: null,
    resolveIntervalMs: null,
    timeouts: { connectMs: 1000, responseMs: 1000, idleMs: 1000 },
    protocol: 'http1',
    tls: null,
    limits: { headBytes: 32768, headers: 100 },
    healthCheck: null,
    passiveHealth: null,
    retries: {
      attempts: 2,
      on: ['connect-failure', 'reset', 'timeout', 'refused-stream'],
      statuses: [],
      budget: { share: 0.2, minPerSecond: 10 },
      bodyBytes: 65_536,
      hedge: null,
    },
    circuitBreaker: null,
    fallback: null,
    connections: { max: null, maxIdle: 16, streams: 100, warmUp: 0, maxAgeMs: null, maxRequests: null },
    proxyProtocol: null,
  };
}

/** A scheduler without settings of its own, but for these. */
export function schedulerConfig(
  type: SchedulerName,
  settings: Partial<SchedulerConfig> = {},
): SchedulerConfig {
  return {
    type,
    key: null,
    subKey: false,
    bounded: null,
    table: 65_537,
    ranges: [],
    header: null,
    ...settings,
  };
}

/** The addresses of `times` picks, in order. */
export function picks(pick: () => Backend | undefined, times: number): string[] {
  return Array.from({ length: times }, () => pick()?.addressText ?? '-');
}

export function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
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

/** How many of `times` picks each backend got. */
export function countPicks(
  backends: readonly Backend[],
  times: number,
  pick: (i: number) => Backend | undefined,
): number[] {
  const counts = new Map<Backend | undefined, number>();
  for (let i = 0; i < times; i++) {
    const picked = pick(i);
    counts.set(picked, (counts.get(picked) ?? 0) + 1);
  }
  return backends.map((backend) => counts.get(backend) ?? 0);
}

/** The 0.999 quantile of chi-squared, by degrees of freedom. */
export const CRITICAL: Readonly<Record<number, number>> = {
  1: 10.83,
  2: 13.82,
  3: 16.27,
  4: 18.47,
  9: 27.88,
};

/** Pearson's statistic of observed counts against expected shares. */
export function chiSquared(observed: readonly number[], shares: readonly number[]): number {
  const total = observed.reduce((sum, count) => sum + count, 0);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  return observed.reduce((sum, count, i) => {
    const expected = (total * (shares[i] ?? 0)) / whole;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}
