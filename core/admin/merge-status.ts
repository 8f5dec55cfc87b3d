import type { BackendStatus, QueueStatus, WorkerStatus } from '../ipc/messages.ts';
import { overridesOf, type BackendOverrides, type UpstreamOverrides } from '../shared/backend-overrides.ts';
import { addCounts, percentile } from '../shared/latency-histogram.ts';
import { sum } from '../shared/sum.ts';
import type { ActiveHealth } from '../upstreams/health.ts';
import type { RuleStatus, ShadowStatus } from '../shared/rule-script.ts';
import type { ListenerRow } from './listener-row.ts';
import { mergeListeners } from './merge-listeners.ts';
import type { BackendRow, RuleRow, ShadowRow, UpstreamRow } from './status-report.ts';

/** The workers' numbers added up. Pure. */
export interface MergedStatus {
  readonly listeners: readonly ListenerRow[];
  readonly upstreams: readonly UpstreamRow[];
  readonly rules: readonly RuleRow[];
  readonly shadows: readonly ShadowRow[];
}

export interface QuarantineView {
  readonly ruleId: string;
  readonly file: string;
  readonly reason: string;
  readonly at: number;
}

/** What the active checks know. */
export interface HealthView {
  find(upstream: string, backend: string): ActiveHealth | undefined;
}

/** `addresses`: the bound address by listener name. */
export function mergeStatus(
  workers: readonly WorkerStatus[],
  addresses: ReadonlyMap<string, string>,
  quarantined: readonly QuarantineView[],
  overrides: BackendOverrides,
  health: HealthView,
): MergedStatus {
  const upstreams = Map.groupBy(
    workers.flatMap((worker) => worker.upstreams),
    ({ name }) => name,
  );
  const rules = Map.groupBy(
    workers.flatMap((worker) => worker.rules),
    ({ id }) => id,
  );
  for (const { ruleId, file } of quarantined) {
    if (!rules.has(ruleId)) rules.set(ruleId, [{ id: ruleId, file, calls: 0, errors: 0, faults: 0 }]);
  }
  const entries = new Map(quarantined.map((entry) => [entry.ruleId, entry]));
  return {
    listeners: mergeListeners(
      workers.flatMap((worker) => worker.listeners),
      addresses,
    ),
    upstreams: [...upstreams].map(([name, rows]) => {
      const ofUpstream = overridesOf(overrides, name);
      const backends = Map.groupBy(
        rows.flatMap((row) => row.backends),
        ({ address }) => address,
      );
      return {
        name,
        backends: [...backends].map(([address, each]) =>
          mergeBackend(address, each, ofUpstream, health.find(name, address)),
        ),
        queue: mergeQueues(rows.flatMap(({ queue }) => queue ?? [])),
        removed: ofUpstream.removed,
        retries: sum(rows, ({ retries }) => retries),
        retriesRefused: sum(rows, ({ retriesRefused }) => retriesRefused),
        hedges: sum(rows, ({ hedges }) => hedges),
        fallbacks: sum(rows, ({ fallbacks }) => fallbacks),
      };
    }),
    rules: [...rules].map(([id, rows]) => mergeRule(id, rows, entries.get(id))),
    shadows: mergeShadows(workers.flatMap((worker) => worker.shadows)),
  };
}

function mergeBackend(
  address: string,
  rows: readonly BackendStatus[],
  overrides: UpstreamOverrides,
  active: ActiveHealth | undefined,
): BackendRow {
  const latency = rows.reduce<readonly number[]>((counts, row) => addCounts(counts, row.latency), []);
  const first = rows[0];
  return {
    address,
    weight: first?.weight ?? 0,
    slowStartShare: Math.min(1, ...rows.map(({ slowStartShare }) => slowStartShare)),
    priority: first?.priority ?? 0,
    state: first?.state ?? 'ready',
    isCandidate: rows.some(({ isCandidate }) => isCandidate),
    file: inFile(address, first?.row ?? address, overrides),
    // What one worker cannot reach needs looking at, even if the others can.
    health: rows.some(({ health }) => health === 'down') ? 'down' : 'up',
    circuit:
      (['open', 'half-open', 'closed'] as const).find((phase) =>
        rows.some(({ circuit }) => circuit === phase),
      ) ?? null,
    reportedState: first?.reportedState ?? 'ready',
    activeCheck:
      active === undefined
        ? null
        : { since: active.since, reason: active.reason, isChecked: active.isChecked },
    ejections: rows.flatMap(({ ejection }) => ejection ?? []),
    inFlight: sum(rows, ({ inFlight }) => inFlight),
    requests: sum(rows, ({ requests }) => requests),
    errors: sum(rows, ({ errors }) => errors),
    connections: {
      active: sum(rows, ({ connections }) => connections.active),
      idle: sum(rows, ({ connections }) => connections.idle),
    },
    latencyMs: percentiles(latency),
  };
}

function mergeQueues(rows: readonly QueueStatus[]): UpstreamRow['queue'] {
  if (rows.length === 0) return null;
  const waits = rows.reduce<readonly number[]>((counts, row) => addCounts(counts, row.waits), []);
  return {
    waiting: sum(rows, ({ waiting }) => waiting),
    served: sum(rows, ({ served }) => served),
    refused: sum(rows, ({ refused }) => refused),
    timedOut: sum(rows, ({ timedOut }) => timedOut),
    waitMs: percentiles(waits),
  };
}

function percentiles(counts: readonly number[]): BackendRow['latencyMs'] {
  return { p50: percentile(counts, 0.5), p90: percentile(counts, 0.9), p99: percentile(counts, 0.99) };
}

/** What the file says of a backend of which a command says something else. */
function inFile(address: string, row: string, { changed, added }: UpstreamOverrides): BackendRow['file'] {
  if (added.some(({ addressText }) => addressText === row))
    return { state: null, weight: null, isMissing: true };
  const own = changed.filter(({ backend }) => backend === address || backend === row);
  if (own.length === 0) return null;
  const [state] = own.flatMap((each) => each.state ?? []);
  const [weight] = own.flatMap((each) => each.weight ?? []);
  return { state: state?.file ?? null, weight: weight?.file ?? null, isMissing: false };
}

function mergeRule(id: string, rows: readonly RuleStatus[], entry: QuarantineView | undefined): RuleRow {
  return {
    id,
    file: rows[0]?.file ?? '',
    calls: sum(rows, ({ calls }) => calls),
    errors: sum(rows, ({ errors }) => errors),
    faults: sum(rows, ({ faults }) => faults),
    quarantined: entry === undefined ? null : { reason: entry.reason, at: entry.at },
  };
}

function mergeShadows(all: readonly ShadowStatus[]): ShadowRow[] {
  const byPlace = Map.groupBy(all, ({ listener, id }) => `${listener} ${id}`);
  return [...byPlace.values()].flatMap((rows) => {
    const [first] = rows;
    if (first === undefined) return [];
    return [
      {
        ...first,
        compared: sum(rows, ({ compared }) => compared),
        differing: sum(rows, ({ differing }) => differing),
        failed: sum(rows, ({ failed }) => failed),
        skipped: sum(rows, ({ skipped }) => skipped),
      },
    ];
  });
}
