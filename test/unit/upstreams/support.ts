import { resolveConfig } from '../../../core/config/resolve.ts';
import { configSchema } from '../../../core/config/schema.ts';
import type {
  BackendConfig,
  SchedulerConfig,
  SchedulerName,
  UpstreamConfig,
} from '../../../core/shared/config-types.ts';
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

/** One backend and every default, but for checks of its health. */
function defaults(): UpstreamConfig & { readonly backends: readonly [BackendConfig] } {
  const content = configSchema.parse({
    listeners: [{ name: 'web', address: ':8080', upstream: 'site' }],
    upstreams: {
      site: { backends: [{ address: '127.0.0.1:9000' }], healthCheck: false, passiveHealth: false },
    },
    workers: 1,
  });
  const [config] = resolveConfig(content, '/etc/tidegate.config.yaml', new Map()).upstreams;
  const [row] = config?.backends ?? [];
  if (config === undefined || row === undefined) throw new Error('no upstream with a backend');
  return { ...config, backends: [row] };
}

const DEFAULTS = defaults();

/** Backends b0, b1, … with these weights, and defaults. */
export function upstreamConfig(
  name: string,
  weights: readonly number[],
  scheduler: SchedulerName = 'round-robin',
): UpstreamConfig {
  const [row] = DEFAULTS.backends;
  return {
    ...DEFAULTS,
    name,
    scheduler: schedulerConfig(scheduler),
    backends: weights.map((weight, i) => ({
      ...row,
      address: { kind: 'tcp', host: '127.0.0.1', port: 9000 + i },
      addressText: `b${i}`,
      weight,
    })),
  };
}

/** A scheduler without settings of its own, but for these. */
export function schedulerConfig(
  type: SchedulerName,
  settings: Partial<SchedulerConfig> = {},
): SchedulerConfig {
  return { ...DEFAULTS.scheduler, type, ...settings };
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
