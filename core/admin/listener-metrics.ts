import type { ListenerRow, TcpListenerRow, UdpListenerRow } from './listener-row.ts';
import { counter, gauge, type Sample } from './metric-text.ts';

type Row = TcpListenerRow | UdpListenerRow;

/** What listeners of TCP, TLS and UDP count. */
export function listenerMetrics(listeners: readonly ListenerRow[]): string[] {
  const rows = listeners.filter((row) => 'accepted' in row);
  const each = (value: (row: Row) => number): Sample[] => rows.map((row) => [labelsOf(row), value(row)]);
  return [
    gauge(
      'tidegate_listener_connections',
      'Connections, of UDP sessions, that are open.',
      each((row) => (row.protocol === 'udp' ? row.sessions : row.connections)),
    ),
    counter(
      'tidegate_listener_accepted_total',
      'Connections or sessions, those that were denied included.',
      each(({ accepted }) => accepted),
    ),
    counter(
      'tidegate_listener_denied_total',
      'Those that a plugin or rule denied.',
      each(({ denied }) => denied),
    ),
    counter(
      'tidegate_listener_refused_total',
      'Those that were turned away by a limit, or for their PROXY header or TLS handshake.',
      each(({ refused }) => refused),
    ),
    counter(
      'tidegate_listener_bytes_total',
      'Bytes that were passed on.',
      rows.flatMap((row) => bothWays(row, row.bytesFromClients, row.bytesFromBackends)),
    ),
    counter(
      'tidegate_listener_datagrams_total',
      'Datagrams that were passed on.',
      rows.flatMap((row) =>
        row.protocol === 'udp' ? bothWays(row, row.datagramsFromClients, row.datagramsFromBackends) : [],
      ),
    ),
    counter(
      'tidegate_listener_dropped_datagrams_total',
      'Datagrams that were not passed on.',
      rows.flatMap((row) =>
        row.protocol === 'udp'
          ? Object.entries(row.drops).map(([reason, drops]): Sample => [{ ...labelsOf(row), reason }, drops])
          : [],
      ),
    ),
  ];
}

function labelsOf({ name, protocol }: Row): Readonly<Record<string, string>> {
  return { listener: name, protocol };
}

function bothWays(row: Row, fromClients: number, fromBackends: number): Sample[] {
  return [
    [{ ...labelsOf(row), from: 'clients' }, fromClients],
    [{ ...labelsOf(row), from: 'backends' }, fromBackends],
  ];
}
