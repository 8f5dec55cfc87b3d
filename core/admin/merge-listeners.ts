import type {
  CarriedCounts,
  HttpListenerStatus,
  ListenerStatus,
  TcpListenerStatus,
  UdpListenerStatus,
} from '../ipc/messages.ts';
import { sum } from '../shared/sum.ts';
import type { HttpListenerRow, ListenerRow, TcpListenerRow, UdpListenerRow } from './listener-row.ts';

/** The workers' counts of each listener added up. Pure. `addresses`: the bound address by listener name. */
export function mergeListeners(
  all: readonly ListenerStatus[],
  addresses: ReadonlyMap<string, string>,
): ListenerRow[] {
  // By kind, too: for a moment of a reload workers may say two for one name.
  const groups = Map.groupBy(all, ({ kind, name }) => `${kind} ${name}`);
  return [...groups.values()].flatMap((rows) => {
    const address = addresses.get(rows[0]?.name ?? '') ?? '';
    return [
      ...merge(
        rows.filter((row) => row.kind === 'http'),
        address,
        mergeHttp,
      ),
      ...merge(
        rows.filter((row) => row.kind === 'tcp'),
        address,
        mergeTcp,
      ),
      ...merge(
        rows.filter((row) => row.kind === 'udp'),
        address,
        mergeUdp,
      ),
    ];
  });
}

function merge<T>(
  rows: readonly T[],
  address: string,
  one: (first: T, rows: readonly T[], address: string) => ListenerRow,
): ListenerRow[] {
  const [first] = rows;
  return first === undefined ? [] : [one(first, rows, address)];
}

function mergeHttp(
  { name, protocol }: HttpListenerStatus,
  rows: readonly HttpListenerStatus[],
  address: string,
): HttpListenerRow {
  const statusSum = (index: 0 | 1 | 2 | 3 | 4): number => sum(rows, ({ statuses }) => statuses[index]);
  return {
    name,
    address,
    protocol,
    connections: sum(rows, ({ connections }) => connections),
    requests: sum(rows, ({ requests }) => requests),
    inFlight: sum(rows, ({ inFlight }) => inFlight),
    webSockets: sum(rows, ({ webSockets }) => webSockets),
    statuses: [statusSum(0), statusSum(1), statusSum(2), statusSum(3), statusSum(4)],
    refused: sum(rows, ({ refused }) => refused),
  };
}

function mergeTcp(
  { name, protocol }: TcpListenerStatus,
  rows: readonly TcpListenerStatus[],
  address: string,
): TcpListenerRow {
  return {
    name,
    address,
    protocol,
    connections: sum(rows, ({ connections }) => connections),
    ...sumCarried(rows),
  };
}

function mergeUdp(
  { name }: UdpListenerStatus,
  rows: readonly UdpListenerStatus[],
  address: string,
): UdpListenerRow {
  const reasons = new Set(rows.flatMap(({ drops }) => Object.keys(drops)));
  return {
    name,
    address,
    protocol: 'udp',
    sessions: sum(rows, ({ sessions }) => sessions),
    ...sumCarried(rows),
    datagramsFromClients: sum(rows, ({ datagramsFromClients }) => datagramsFromClients),
    datagramsFromBackends: sum(rows, ({ datagramsFromBackends }) => datagramsFromBackends),
    drops: Object.fromEntries(
      [...reasons].map((reason) => [reason, sum(rows, ({ drops }) => drops[reason] ?? 0)]),
    ),
  };
}

function sumCarried(rows: readonly CarriedCounts[]): CarriedCounts {
  return {
    accepted: sum(rows, ({ accepted }) => accepted),
    refused: sum(rows, ({ refused }) => refused),
    denied: sum(rows, ({ denied }) => denied),
    bytesFromClients: sum(rows, ({ bytesFromClients }) => bytesFromClients),
    bytesFromBackends: sum(rows, ({ bytesFromBackends }) => bytesFromBackends),
  };
}
