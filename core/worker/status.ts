import type {
  BackendStatus,
  HttpListenerStatus,
  QueueStatus,
  RetryCounts,
  WorkerStatus,
} from '../ipc/messages.ts';
import type { BackendConfig } from '../shared/config-types.ts';
import type { ListenerService } from '../exchange/listener-service.ts';
import type { ShadowRules } from '../exchange/shadow/shadow-rules.ts';
import type { RuleStatus, ShadowStatus } from '../shared/rule-script.ts';
import { AddressBackend, type Backend } from '../upstreams/backend.ts';
import type { RetryBudget } from '../upstreams/retry-budget.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { connectionStatus } from './connection-status.ts';
import type { Snapshot, SnapshotParts } from './snapshot.ts';

/** What this worker knows, for `tidegate status`. */
export function workerStatus(
  snapshot: Snapshot | null,
  parts: SnapshotParts,
  rules: readonly RuleStatus[],
  auditMs: number | null,
): WorkerStatus {
  return {
    pid: process.pid,
    snapshotVersion: snapshot?.plan.version ?? 0,
    uptimeMs: Math.round(performance.now()),
    rssBytes: process.memoryUsage.rss(),
    listeners: [
      ...[...(snapshot?.services.values() ?? [])].map(httpStatus),
      ...[...(snapshot?.tcpServices.values() ?? []), ...(snapshot?.udpServices.values() ?? [])].map(
        ({ config, counters }) => connectionStatus(config, counters),
      ),
    ],
    upstreams: [...(snapshot?.upstreams.values() ?? [])].map((upstream) => ({
      name: upstream.name,
      backends: backendsOf(upstream, parts, auditMs),
      queue: upstream.isLimited ? queueOf(upstream) : null,
      ...retryCounts(upstream.budget),
    })),
    rules,
    shadows: [...(snapshot?.services.values() ?? [])].flatMap(({ config, shadow }) =>
      shadow === null ? [] : [shadowStatus(config.name, shadow)],
    ),
    plugins: parts.plugins.status(),
  };
}

function httpStatus({ config, counters }: ListenerService): HttpListenerStatus {
  return {
    kind: 'http',
    protocol: config.protocol,
    name: config.name,
    connections: counters.connections,
    requests: counters.requests,
    inFlight: counters.inFlight,
    webSockets: counters.webSockets,
    statuses: [...counters.statuses],
    refused: counters.refused,
  };
}

function shadowStatus(listener: string, { script, counts }: ShadowRules): ShadowStatus {
  const { compared, differing, failed, skipped } = counts;
  return { listener, id: script.id, file: script.file, compared, differing, failed, skipped };
}

function queueOf({ queue }: Upstream): QueueStatus {
  const { waiting, served, refused, timedOut, waits } = queue.counters;
  return { waiting, served, refused, timedOut, waits: waits.counts };
}

function retryCounts({ retries, refused, hedges, fallbacks }: RetryBudget): RetryCounts {
  return { retries, retriesRefused: refused, hedges, fallbacks };
}

function circuitOf(backend: Backend): BackendStatus['circuit'] {
  const hasBreaker = backend instanceof AddressBackend && backend.settings.circuitBreaker !== null;
  return hasBreaker ? backend.runtime.circuit.phase : null;
}

function backendsOf(upstream: Upstream, parts: SnapshotParts, auditMs: number | null): BackendStatus[] {
  // First, since it brings slow starts up to date.
  const candidates = new Set(upstream.candidates());
  const status = (backend: Backend): BackendStatus => ({
    address: backend.addressText,
    row: backend.rowText,
    weight: backend.configuredWeight,
    slowStartShare: backend.slowStartShare,
    priority: backend.priority,
    state: backend.state,
    isCandidate: candidates.has(backend),
    health: backend.isUp ? 'up' : 'down',
    circuit: circuitOf(backend),
    reportedState: backend.runtime.reportedState,
    ejection: backend.runtime.ejected ? backend.runtime.ejection : null,
    inFlight: backend.runtime.inFlight,
    requests: backend.runtime.requests,
    errors: backend.runtime.errors,
    connections:
      backend instanceof AddressBackend ? parts.pools.count(backend.runtime) : { active: 0, idle: 0 },
    traffic: auditMs !== null && backend instanceof AddressBackend ? trafficOf(backend, auditMs) : null,
    latency: backend.runtime.latency.counts,
  });
  for (const nested of upstream.nested) nested.addUp();
  return [
    ...upstream.backends.map(status),
    ...upstream.unresolved().map(withoutAddress),
    ...upstream.nested.map(status),
  ];
}

function trafficOf({ runtime }: AddressBackend, auditMs: number): BackendStatus['traffic'] {
  const now = performance.now();
  const since = runtime.takesRequestsSinceMs;
  return {
    ...runtime.traffic.sum(auditMs, now),
    // -Infinity for those that took requests from the start on, which IPC does not carry.
    takesRequestsForMs: since === null ? null : Math.min(now - since, Number.MAX_SAFE_INTEGER),
  };
}

/** Shown, so that a name which does not resolve is not just missing. */
function withoutAddress({ addressText, weight, priority, state }: BackendConfig): BackendStatus {
  return {
    address: `${addressText} (no address)`,
    row: addressText,
    weight,
    slowStartShare: 1,
    priority,
    state,
    isCandidate: false,
    health: 'down',
    circuit: null,
    reportedState: 'ready',
    ejection: null,
    inFlight: 0,
    requests: 0,
    errors: 0,
    connections: { active: 0, idle: 0 },
    traffic: null,
    latency: [],
  };
}
