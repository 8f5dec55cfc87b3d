import type { ConnectionPools } from '../forward/connections.ts';
import type { Tunnels } from '../forward/tunnels.ts';
import type { BackendRuntime } from '../upstreams/backend.ts';
import type { UpstreamRegistry } from '../upstreams/registry.ts';

export interface BackendHolders {
  readonly registry: UpstreamRegistry;
  readonly pools: ConnectionPools;
  readonly tunnels: Tunnels;
}

/** What hangs on backends that were taken out, those in maintenance included: idle connections are closed, WebSockets told to end. */
export function letGo(
  removed: readonly BackendRuntime[],
  { registry, pools, tunnels }: BackendHolders,
): void {
  const inMaintenance = registry.inMaintenance();
  for (const runtime of removed) pools.retire(runtime);
  pools.closeIdle(inMaintenance.yes);
  tunnels.leave([...removed, ...inMaintenance.yes]);
  tunnels.stay(inMaintenance.no);
}
