import type { BackendStatus, ListenerStatus, WorkerStatus } from '../ipc/messages.ts';
import { addCounts, percentile } from '../shared/latency-histogram.ts';
import type { ActiveHealth } from '../upstreams/health.ts';
import type { RuleStatus } from '../shared/rule-script.ts';
import type { BackendRow, ListenerRow, RuleRow, UpstreamRow } from './status-report.ts';

/** The workers' numbers added up. Pure. */
export interface MergedStatus {
  readonly listeners: readonly ListenerRow[];
  readonly upstreams: readonly UpstreamRow[];
  readonly rules: readonly RuleRow[];
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
  health: HealthView,
): MergedStatus {
  const listeners = Map.groupBy(
    workers.flatMap((worker) => worker.listeners),
    ({ name }) => name,
  );
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
    listeners: [...listeners].map(([name, rows]) => mergeListener(name, addresses.get(name) ?? '', rows)),
    upstreams: [...upstreams].map(([name, rows]) => ({
      name,
      backends: [
        ...Map.groupBy(
          rows.flatMap(({ backends }) => backends),
          ({ address }) => address,
        ),
      ].map(([address, backends]) => mergeBackend(address, backends, health.find(name, address))),
    })),
    rules: [...rules].map(([id, rows]) => mergeRule(id, rows, entries.get(id))),
  };
}

function mergeListener(name: string, address: string, rows: readonly ListenerStatus[]): ListenerRow {
  const statusSum = (index: 0 | 1 | 2 | 3 | 4): number => sum(rows, ({ statuses }) => statuses[index]);
  return {
    name,
    address,
    connections: sum(rows, ({ connections }) => connections),
    requests: sum(rows, ({ requests }) => requests),
    inFlight: sum(rows, ({ inFlight }) => inFlight),
    webSockets: sum(rows, ({ webSockets }) => webSockets),
    statuses: [statusSum(0), statusSum(1), statusSum(2), statusSum(3), statusSum(4)],
    refused: sum(rows, ({ refused }) => refused),
  };
}

function mergeBackend(
  address: string,
  rows: readonly BackendStatus[],
  active: ActiveHealth | undefined,
): BackendRow {
  const latency = rows.reduce<readonly number[]>((counts, row) => addCounts(counts, row.latency), []);
  const first = rows[0];
  return {
    address,
    weight: first?.weight ?? 0,
    state: first?.state ?? 'ready',
    // What one worker cannot reach needs looking at, even if the others can.
    health: rows.some(({ health }) => health === 'down') ? 'down' : 'up',
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
    latencyMs: {
      p50: percentile(latency, 0.5),
      p90: percentile(latency, 0.9),
      p99: percentile(latency, 0.99),
    },
  };
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

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
