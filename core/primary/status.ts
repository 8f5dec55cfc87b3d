import { mergeStatus } from '../admin/merge-status.ts';
import type { HealthView } from '../admin/merge-status.ts';
import type { StatusReport } from '../admin/status-report.ts';
import { listenKeys, udpKeys } from '../ipc/messages.ts';
import { collectStatus } from './collect-status.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import type { LivePlan } from './live-plan.ts';
import { wantedIds } from './make-plan.ts';
import type { BoundListener } from './own-listener.ts';
import type { Quarantine } from './quarantine.ts';
import type { Reloader } from './reload.ts';
import type { RuntimeBackends } from './runtime-backends.ts';
import type { Supervisor } from './supervisor.ts';

export interface StatusSources {
  /** The version of Tidegate. */
  readonly version: string;
  readonly configFile: string;
  /** In epoch milliseconds. */
  readonly startedAt: number;
  readonly supervisor: Supervisor;
  readonly reloader: Reloader;
  readonly quarantine: Quarantine;
  readonly backends: RuntimeBackends;
  readonly health: HealthView;
  readonly certificates: { status(): StatusReport['certificates'] };
}

/** What the primary knows, and what its workers answer; null before the first snapshot. */
export async function statusOf(sources: StatusSources): Promise<StatusReport | null> {
  const { supervisor, reloader, quarantine, backends, health } = sources;
  const { lastReport, liveSince, loaded } = reloader;
  const { current } = supervisor;
  if (lastReport === null || current === null) return null;
  const wanted = loaded === null ? new Set() : wantedIds(loaded);
  const quarantined = quarantine.entries().filter(({ ruleId }) => wanted.has(ruleId));
  const workers = supervisor.ready();
  const statuses = await collectStatus(workers.map(({ worker }) => worker));
  return {
    tidegate: sources.version,
    pid: process.pid,
    configFile: sources.configFile,
    uptimeMs: Date.now() - sources.startedAt,
    snapshot: { version: current.plan.version, at: liveSince },
    lastReload: lastReport,
    workers: workers.flatMap(({ worker, restarts }) => {
      const status = statuses.get(worker);
      if (status === undefined) return [];
      const { pid, uptimeMs, rssBytes, snapshotVersion } = status;
      return [{ pid, uptimeMs, rssBytes, snapshotVersion, restarts }];
    }),
    ...mergeStatus(
      [...statuses.values()],
      listenerAddresses(current),
      quarantined,
      backends.overrides,
      health,
    ),
    certificates: sources.certificates.status(),
  };
}

/** The bound address by listener name. */
export function listenerAddresses(current: LivePlan | null): ReadonlyMap<string, string> {
  return new Map(boundListeners(current).map(({ config, addressText }) => [config.name, addressText]));
}

function addressOf(config: ListenerConfig, current: LivePlan | null): string {
  const [key, ...more] = [...listenKeys(config), ...udpKeys(config)];
  // A range is shown as written.
  if (key === undefined || more.length > 0) return config.addressText;
  const socket =
    current?.sockets.get(key) ??
    // The first one is that of the address as written, before those of the machine's own addresses.
    [...(current?.sockets.values() ?? [])].find(({ udp }) => udp?.key === key);
  return socket?.addressText ?? config.addressText;
}

/** The listeners with the addresses that they are bound to. */
export function boundListeners(
  current: LivePlan | null,
): readonly (BoundListener & { readonly config: ListenerConfig })[] {
  const listeners = current?.plan.config.listeners ?? [];
  return listeners.map((config) => ({
    config,
    addressText: addressOf(config, current),
  }));
}
