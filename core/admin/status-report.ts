import { z } from 'zod';
import { certificateRow } from './certificate-row.ts';
import { listenerRow } from './listener-row.ts';

/**
 * What the admin API answers, as schemas, because the command line may be of another version than the
 * process that it asks. Times are epoch milliseconds, durations end in `Ms`; counters are summed over
 * the workers that live, so that they drop when a worker is replaced.
 */
const count = z.number().nonnegative();

const reloadTrigger = z.enum(['start', 'signal', 'command', 'file']);
/** What asked for a config to be loaded. */
export type ReloadTrigger = z.infer<typeof reloadTrigger>;

/** One attempt to make a config the one that is served: the answer to `POST /reload`. */
export const reloadReport = z.object({
  ok: z.boolean(),
  trigger: reloadTrigger,
  version: count,
  at: count,
  durationMs: count,
  /** Why it was refused; empty when it was not. */
  problems: z.array(z.string()).readonly(),
  /** What takes effect only after a restart. */
  warnings: z.array(z.string()).readonly(),
  changes: z.array(z.string()).readonly(),
});
export type ReloadReport = Readonly<z.infer<typeof reloadReport>>;

const workerRow = z.object({
  pid: count,
  uptimeMs: count,
  rssBytes: count,
  snapshotVersion: count,
  /** How often this worker's predecessors died. */
  restarts: count,
});

const backendState = z.enum(['ready', 'drain', 'maintenance']);

const queueRow = z.object({
  waiting: count,
  /** Those who got a place. */
  served: count,
  /** Turned away since the queue was full. */
  refused: count,
  timedOut: count,
  /** How long those who got a place had waited; 0 where nobody has. */
  waitMs: z.object({ p50: count, p90: count, p99: count }),
});

const backendRow = z.object({
  address: z.string(),
  /** As configured, or set by a command. */
  weight: count,
  /** How much of the weight it has by now, by the worker that gives it least: 1 but in its slow start. */
  slowStartShare: count,
  /** Its group; 1001 for `backup: true`. */
  priority: count,
  state: backendState,
  /** Whether new requests may go to it, in some worker. */
  isCandidate: z.boolean(),
  /** What the config file says where a command has set something else; null: nothing is different. */
  file: z
    .object({ state: backendState.nullable(), weight: count.nullable(), isMissing: z.boolean() })
    .nullable(),
  health: z.enum(['up', 'down']),
  /** Of the circuit breaker, in the worker where it has most to say; null: there is none. */
  circuit: z.enum(['closed', 'half-open', 'open']).nullable().default(null),
  /** What it asks for itself, by its agent. */
  reportedState: z.enum(['ready', 'drain', 'maintenance']).default('ready'),
  /** Since when `health` is so, and the result of the last check; null: it is not checked. */
  activeCheck: z
    .object({ since: count, reason: z.string(), isChecked: z.boolean() })
    .nullable()
    .default(null),
  /** One for each worker that leaves it out for what befell its requests, with when that ends. */
  ejections: z
    .array(z.object({ until: count, reason: z.string() }))
    .readonly()
    .default([]),
  inFlight: count,
  requests: count,
  errors: count,
  connections: z.object({ active: count, idle: count }),
  /** 0 where nothing was measured yet. */
  latencyMs: z.object({ p50: count, p90: count, p99: count }),
});
export type BackendRow = Readonly<z.infer<typeof backendRow>>;

const upstreamRow = z.object({
  name: z.string(),
  backends: z.array(backendRow).readonly(),
  /** Requests that wait for a backend with a place free; null where every backend takes any number. */
  queue: queueRow.nullable(),
  /** Backends of the file that a command has removed. */
  removed: z.array(z.string()).readonly(),
  /** Attempts beyond the first of their requests, hedges included; and those that `retries.budget` had no room for. */
  retries: count.default(0),
  retriesRefused: count.default(0),
  hedges: count.default(0),
  /** Requests that went on to the fallback. */
  fallbacks: count.default(0),
});
export type UpstreamRow = Readonly<z.infer<typeof upstreamRow>>;

const ruleRow = z.object({
  id: z.string(),
  /** Absolute path of the script. */
  file: z.string(),
  calls: count,
  errors: count,
  faults: count,
  /** Set while this version of the script is kept out of service. */
  quarantined: z.object({ reason: z.string(), at: count }).nullable(),
});
export type RuleRow = Readonly<z.infer<typeof ruleRow>>;

/** A script that is tried beside the one that serves. */
const shadowRow = z.object({
  listener: z.string(),
  id: z.string(),
  /** Absolute path of the script. */
  file: z.string(),
  /** Requests about which both have decided; and those of them where not in the same way. */
  compared: count,
  differing: count,
  /** It threw, or ran into a limit. */
  failed: count,
  /** It had no time left. */
  skipped: count,
});
export type ShadowRow = Readonly<z.infer<typeof shadowRow>>;

/** The answer to `GET /status`. */
export const statusReport = z.object({
  /** The version of Tidegate. */
  tidegate: z.string(),
  /** Of the primary. */
  pid: count,
  configFile: z.string(),
  uptimeMs: count,
  snapshot: z.object({ version: count, at: count }),
  /** The last attempt to load the config, the one at the start included. */
  lastReload: reloadReport,
  workers: z.array(workerRow).readonly(),
  listeners: z.array(listenerRow).readonly(),
  upstreams: z.array(upstreamRow).readonly(),
  rules: z.array(ruleRow).readonly(),
  shadows: z.array(shadowRow).readonly().default([]),
  /** Those that Tidegate obtains or makes by itself. */
  certificates: z.array(certificateRow).readonly().default([]),
});
export type StatusReport = Readonly<z.infer<typeof statusReport>>;
