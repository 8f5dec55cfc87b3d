import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

const KIB = Buffer.alloc(1024, 'x');

function dropped({ counters }: UdpTestPath): number {
  return counters.drops.get('bandwidth') ?? 0;
}

test('what a client sends beyond the rate is dropped, and counted', async () => {
  const backend = await UdpPeer.open();
  const path = new UdpTestPath({
    backendPorts: [backend.port],
    listener: { bandwidth: { connection: '10KiB/s' } },
  });
  const client = await UdpPeer.open();
  for (let each = 0; each < 50; each++) await client.sent(KIB, path.port);
  await poll(() => backend.received.length + dropped(path) === 50);
  expect(backend.received.length).toBeGreaterThanOrEqual(2);
  expect(dropped(path)).toBeGreaterThan(30);
  expect(path.counters.traffic().datagramsFromClients).toBe(backend.received.length);
  // Another client has a rate of its own.
  const other = await UdpPeer.open();
  await other.sent('hello', path.port);
  await poll(() => backend.texts.includes('hello'));
});

test('so is what a backend sends beyond it', async () => {
  const backend = await UdpPeer.open();
  backend.onDatagram = () => Array.from({ length: 50 }, () => KIB.toString());
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { bandwidth: '10KiB/s' } });
  const client = await UdpPeer.open();
  await client.sent('go', path.port);
  await poll(() => client.received.length + dropped(path) === 50);
  expect(client.received.length).toBeGreaterThanOrEqual(2);
  expect(dropped(path)).toBeGreaterThan(30);
});

test('without a rate nothing is dropped', async () => {
  const backend = await echoBackend('b1');
  const path = new UdpTestPath({ backendPorts: [backend.port] });
  const client = await UdpPeer.open();
  for (let each = 0; each < 50; each++) await client.sent(KIB, path.port);
  await poll(() => client.received.length === 50);
  expect(path.counters.drops.size).toBe(0);
});
