import { expect, test } from 'vitest';
import { mergeListeners } from '../../../core/admin/merge-listeners.ts';
import { connectionStatus } from '../../../core/worker/connection-status.ts';
import { ConnectionCounters, type DropReason } from '../../../core/layer4/connection-counters.ts';
import type { HttpListenerStatus } from '../../../core/ipc/messages.ts';

const addresses = new Map([
  ['web', '127.0.0.1:80'],
  ['db', '127.0.0.1:5432'],
  ['dns', '127.0.0.1:53'],
]);

function counted(open: number, drops: readonly DropReason[] = []): ConnectionCounters {
  const counters = new ConnectionCounters();
  const one = (bytesFromClient: number) => ({
    bytesFromClient,
    bytesFromBackend: 1000,
    datagramsFromClient: 2,
    datagramsFromBackend: null,
  });
  const ended = one(7);
  counters.begin(ended);
  counters.end(ended);
  for (let each = 0; each < open; each++) counters.begin(one(100));
  for (const reason of drops) counters.countDrop(reason);
  counters.refused = 1;
  return counters;
}

test('a TCP listener in two workers: what ended and what is open', () => {
  const rows = [2, 3].map((open) => connectionStatus({ name: 'db', protocol: 'tls' }, counted(open)));
  expect(mergeListeners(rows, addresses)).toEqual([
    {
      name: 'db',
      address: '127.0.0.1:5432',
      protocol: 'tls',
      connections: 5,
      accepted: 7,
      refused: 2,
      denied: 0,
      bytesFromClients: 514,
      bytesFromBackends: 7000,
    },
  ]);
});

test('a UDP listener, with drops that only some workers know', () => {
  const rows = [counted(1, ['queue', 'queue']), counted(1, ['bandwidth', 'queue'])].map((counters) =>
    connectionStatus({ name: 'dns', protocol: 'udp' }, counters),
  );
  expect(mergeListeners(rows, addresses)).toEqual([
    {
      name: 'dns',
      address: '127.0.0.1:53',
      protocol: 'udp',
      sessions: 2,
      accepted: 4,
      refused: 2,
      denied: 0,
      bytesFromClients: 214,
      bytesFromBackends: 4000,
      datagramsFromClients: 8,
      datagramsFromBackends: 0,
      drops: { queue: 3, bandwidth: 1 },
    },
  ]);
});

test('a name that has become another kind of listener in one of the workers', () => {
  const web: HttpListenerStatus = {
    kind: 'http',
    protocol: 'http',
    name: 'web',
    connections: 4,
    requests: 10,
    inFlight: 1,
    webSockets: 0,
    statuses: [0, 9, 0, 0, 0],
    refused: 0,
  };
  const merged = mergeListeners(
    [web, connectionStatus({ name: 'web', protocol: 'tcp' }, counted(1)), web],
    addresses,
  );
  expect(merged).toMatchObject([
    { name: 'web', protocol: 'http', connections: 8, statuses: [0, 18, 0, 0, 0] },
    { name: 'web', protocol: 'tcp', connections: 1 },
  ]);
});
