import type { BackendStatus, WorkerStatus } from '../ipc/messages.ts';
import type { BackendConfig } from '../shared/config-types.ts';
import type { RuleStatus } from '../shared/rule-script.ts';
import type { Snapshot, SnapshotParts } from './snapshot.ts';

/** What this worker knows, for `tidegate status`. */
export function workerStatus(
  snapshot: Snapshot | null,
  parts: SnapshotParts,
  rules: readonly RuleStatus[],
): WorkerStatus {
  return {
    pid: process.pid,
    snapshotVersion: snapshot?.plan.version ?? 0,
    uptimeMs: Math.round(performance.now()),
    rssBytes: process.memoryUsage.rss(),
    listeners: [...(snapshot?.services.values() ?? [])].map(({ config, counters }) => ({
      name: config.name,
      connections: counters.connections,
      requests: counters.requests,
      inFlight: counters.inFlight,
      webSockets: counters.webSockets,
      statuses: [...counters.statuses],
      refused: counters.refused,
    })),
    upstreams: [...(snapshot?.upstreams.values() ?? [])].map((upstream) => ({
      name: upstream.name,
      backends: [
        ...upstream.backends.map(({ addressText, weight, state, runtime }) => ({
          address: addressText,
          weight,
          state,
          health: runtime.health,
          reportedState: runtime.reportedState,
          ejection: runtime.ejected ? runtime.ejection : null,
          inFlight: runtime.inFlight,
          requests: runtime.requests,
          errors: runtime.errors,
          connections: parts.pools.count(runtime),
          latency: runtime.latency.counts,
        })),
        ...upstream.unresolved().map(withoutAddress),
      ],
    })),
    rules,
  };
}

/** Shown, so that a name which does not resolve is not just missing. */
function withoutAddress({ addressText, weight }: BackendConfig): BackendStatus {
  return {
    address: `${addressText} (no address)`,
    weight,
    state: 'ready',
    health: 'down',
    reportedState: 'ready',
    ejection: null,
    inFlight: 0,
    requests: 0,
    errors: 0,
    connections: { active: 0, idle: 0 },
    latency: [],
  };
}
