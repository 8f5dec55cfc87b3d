import type { TcpListenerStatus, UdpListenerStatus } from '../ipc/messages.ts';
import type { ConnectionCounters } from '../layer4/connection-counters.ts';

/** What this worker counted of a listener of TCP or UDP. */
export function connectionStatus(
  { name, protocol }: { readonly name: string; readonly protocol: 'tcp' | 'tls' | 'udp' },
  counters: ConnectionCounters,
): TcpListenerStatus | UdpListenerStatus {
  const { accepted, refused, denied } = counters;
  const { bytesFromClients, bytesFromBackends, ...datagrams } = counters.traffic();
  const carried = { name, accepted, refused, denied, bytesFromClients, bytesFromBackends };
  return protocol === 'udp'
    ? {
        kind: 'udp',
        ...carried,
        sessions: counters.open,
        ...datagrams,
        drops: Object.fromEntries(counters.drops),
      }
    : { kind: 'tcp', protocol, ...carried, connections: counters.open };
}
