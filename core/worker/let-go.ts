import type { ConnectionPools } from '../forward/connections.ts';
import type { Tunnels } from '../forward/tunnels.ts';
import type { OpenConnections } from '../layer4/open-connections.ts';
import type { BackendRuntime } from '../upstreams/backend.ts';
import type { UpstreamRegistry } from '../upstreams/registry.ts';

export interface BackendHolders {
  readonly registry: UpstreamRegistry;
  readonly pools: ConnectionPools;
  readonly tunnels: Tunnels;
  readonly connections: OpenConnections;
}

/** What hangs on backends that were taken out, those in maintenance included: idle connections are closed, WebSockets and connections of layer 4 told to end. */
export function letGo(
  removed: readonly BackendRuntime[],
  { registry, pools, tunnels, connections }: BackendHolders,
): void {
  const inMaintenance = registry.inMaintenance();
  for (const runtime of removed) pools.retire(runtime);
  pools.closeIdle(inMaintenance.yes);
  for (const each of [tunnels, connections]) {
    each.leave([...removed, ...inMaintenance.yes]);
    each.stay(inMaintenance.no);
  }
}
