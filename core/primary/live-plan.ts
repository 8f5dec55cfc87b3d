import { listenKey } from '../ipc/messages.ts';
import type { SnapshotPlan } from '../ipc/messages.ts';
import { formatAddress } from '../shared/address.ts';
import type { Config, SocketAddressConfig } from '../shared/config-types.ts';
import { listenAddresses } from '../shared/listener-kinds.ts';
import type { ListenerConfig } from '../shared/listener-types.ts';
import { bindUdpListeners } from './bind-udp.ts';
import { bindSocket } from './bind.ts';
import type { BindResult, BoundSocket } from './bind.ts';
import { LetGoPorts } from './let-go-ports.ts';

/** A snapshot that workers serve, or are to serve, with the sockets that its listeners need. */
export interface LivePlan {
  readonly plan: SnapshotPlan;
  /** By `listenKey`; those of UDP by what `bindUdpListeners` calls them. */
  readonly sockets: ReadonlyMap<string, BoundSocket>;
}

export type BindAllResult =
  | { readonly ok: true; readonly sockets: ReadonlyMap<string, BoundSocket> }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * The sockets for these listeners: those of `held` where the address stays, new ones else. Binds all
 * or nothing and reports every address that cannot be bound. `letGo`: UDP ports that this Tidegate may have had just now.
 */
export async function bindAll(
  { listeners, workers }: Pick<Config, 'listeners' | 'workers'>,
  held: ReadonlyMap<string, BoundSocket>,
  letGo: Pick<LetGoPorts, 'has'> = new LetGoPorts(),
  bind: (address: SocketAddressConfig) => Promise<BindResult> = bindSocket,
): Promise<BindAllResult> {
  const sockets = new Map<string, BoundSocket>();
  const problems: string[] = [];
  for (const { name, address } of listeners.flatMap(streamSockets)) {
    const key = listenKey({ name, address });
    if (sockets.has(key)) continue;
    const existing = held.get(key);
    if (existing !== undefined) {
      sockets.set(key, existing);
      continue;
    }
    if (holdsOtherKind(name, address, held)) {
      problems.push(
        `cannot change ipv6Only of ${formatAddress(address)} while it is bound: that needs a restart`,
      );
      continue;
    }
    const result = await bind(address);
    if (result.ok) sockets.set(key, result.socket);
    else problems.push(result.problem);
  }
  problems.push(...(await bindUdpListeners(listeners, workers, { held, letGo }, sockets)));
  if (problems.length === 0) return { ok: true, sockets };
  closeSocketsNotIn(sockets, held);
  return { ok: false, problems };
}

/** What is bound for a listener but for UDP. */
function streamSockets(listener: ListenerConfig): { name: string; address: SocketAddressConfig }[] {
  if (listener.protocol === 'udp') return [];
  return listenAddresses(listener).map((address) => ({ name: listener.name, address }));
}

/** Whether the same address is bound with and without IPv4, which the system does not allow. */
function holdsOtherKind(
  name: string,
  address: SocketAddressConfig,
  held: ReadonlyMap<string, BoundSocket>,
): boolean {
  if (address.kind === 'unix' || address.port === 0) return false;
  const { ipv6Only, ...rest } = address;
  return held.has(listenKey({ name, address: ipv6Only === true ? rest : { ...rest, ipv6Only: true } }));
}

/** Closes the sockets of `old` which `kept` does not use. */
export function closeSocketsNotIn(
  old: ReadonlyMap<string, BoundSocket>,
  kept: ReadonlyMap<string, BoundSocket>,
): void {
  for (const [key, socket] of old) {
    if (kept.get(key) !== socket) socket.handle.close();
  }
}
