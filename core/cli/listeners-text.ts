import type { HttpListenerRow, ListenerRow, TcpListenerRow, UdpListenerRow } from '../admin/listener-row.ts';
import { table } from './table.ts';

/** The listeners of a report, a table for each kind that there is. */
export function listenerTables(listeners: readonly ListenerRow[]): string[] {
  return [
    httpTable(listeners.filter(isHttp)),
    tcpTable(listeners.filter(isTcp)),
    udpTable(listeners.filter((row) => row.protocol === 'udp')),
  ];
}

function httpTable(rows: readonly HttpListenerRow[]): string {
  return table(
    [
      'LISTENER',
      'ADDRESS',
      'CONNECTIONS',
      'REQUESTS',
      'IN FLIGHT',
      'WEBSOCKETS',
      '1XX',
      '2XX',
      '3XX',
      '4XX',
      '5XX',
      'REFUSED',
    ],
    rows.map((row) => [
      row.name,
      row.address,
      row.connections,
      row.requests,
      row.inFlight,
      row.webSockets,
      ...row.statuses,
      row.refused,
    ]),
  );
}

function tcpTable(rows: readonly TcpListenerRow[]): string {
  return table(
    [
      'LISTENER',
      'PROTOCOL',
      'ADDRESS',
      'CONNECTIONS',
      'ACCEPTED',
      'FROM CLIENTS',
      'FROM BACKENDS',
      'DENIED',
      'REFUSED',
    ],
    rows.map((row) => [
      row.name,
      row.protocol,
      row.address,
      row.connections,
      row.accepted,
      size(row.bytesFromClients),
      size(row.bytesFromBackends),
      row.denied,
      row.refused,
    ]),
  );
}

function udpTable(rows: readonly UdpListenerRow[]): string {
  return table(
    [
      'LISTENER',
      'PROTOCOL',
      'ADDRESS',
      'SESSIONS',
      'ACCEPTED',
      'FROM CLIENTS',
      'FROM BACKENDS',
      'DENIED',
      'REFUSED',
      'DROPPED',
    ],
    rows.map((row) => [
      row.name,
      row.protocol,
      row.address,
      row.sessions,
      row.accepted,
      `${row.datagramsFromClients} (${size(row.bytesFromClients)})`,
      `${row.datagramsFromBackends} (${size(row.bytesFromBackends)})`,
      row.denied,
      row.refused,
      drops(row),
    ]),
  );
}

/** `0`, `12: queue 10, bandwidth 2`. */
function drops({ drops: byReason }: UdpListenerRow): string {
  const reasons = Object.entries(byReason).toSorted(([, a], [, b]) => b - a);
  const all = reasons.reduce((total, [, count]) => total + count, 0);
  return all === 0 ? '0' : `${all}: ${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')}`;
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `512 B`, `1.5 MiB`, `230 GiB`. */
function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length);
  const value = bytes / 1024 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.floor(value)} ${UNITS[power - 1] ?? ''}`;
}

function isHttp(row: ListenerRow): row is HttpListenerRow {
  return row.protocol === 'http' || row.protocol === 'https';
}

function isTcp(row: ListenerRow): row is TcpListenerRow {
  return row.protocol === 'tcp' || row.protocol === 'tls';
}
