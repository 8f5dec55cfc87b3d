import type { HttpListenerRow, TcpListenerRow, UdpListenerRow } from '../../../core/admin/listener-row.ts';

export const http: HttpListenerRow = {
  name: 'web',
  address: '127.0.0.1:80',
  protocol: 'http',
  connections: 1,
  requests: 10,
  inFlight: 1,
  webSockets: 0,
  statuses: [0, 9, 0, 0, 0],
  refused: 0,
};

export const tcp: TcpListenerRow = {
  name: 'db',
  address: '127.0.0.1:5432',
  protocol: 'tls',
  connections: 3,
  accepted: 40,
  refused: 1,
  denied: 2,
  bytesFromClients: 1000,
  bytesFromBackends: 52_000_000,
};

export const udp: UdpListenerRow = {
  name: 'dns',
  address: '127.0.0.1:53',
  protocol: 'udp',
  sessions: 7,
  accepted: 48,
  refused: 0,
  denied: 0,
  bytesFromClients: 2000,
  bytesFromBackends: 9000,
  datagramsFromClients: 50,
  datagramsFromBackends: 45,
  drops: { queue: 10, bandwidth: 12 },
};
