import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

/** Loopback addresses stand for sources that anybody can write into a datagram. */
async function flood(port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const source = await UdpPeer.open(`127.${1 + (i % 200)}.${(i >> 8) & 255}.${1 + (i & 127)}`);
    await source.sent('flood', port);
    source.close();
  }
}

test('a flood of spoofed sources stays within the table and stops no established session', async () => {
  const backend = await UdpPeer.open();
  backend.onDatagram = ({ text }) => (text === 'flood' ? undefined : `b1 ${text}`);
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { limits: { sessions: 50 } } });
  const clients = await Promise.all(Array.from({ length: 30 }, () => UdpPeer.open()));
  for (const client of clients) {
    await client.ask('1', path.port);
    await client.ask('2', path.port);
  }
  const before = backend.received.length;
  await flood(path.port, 500);
  await poll(() => backend.received.length === before + 500);
  expect(path.counters.open).toBeLessThanOrEqual(50);
  const seen = backend.received.length;
  for (const client of clients) expect((await client.ask('3', path.port)).text).toBe('b1 3');
  // From the sockets that they had before.
  const ports = new Set(backend.received.slice(0, 60).map(({ port }) => port));
  expect(backend.received.slice(seen).every(({ port }) => ports.has(port))).toBe(true);
  expect(path.counters.accepted).toBe(530);
});

test('a session for each spoofed source takes no more than half of the file descriptors', async () => {
  const backend = await UdpPeer.open();
  const path = new UdpTestPath({ backendPorts: [backend.port], descriptors: 60 });
  await flood(path.port, 200);
  await poll(() => backend.received.length === 200);
  expect(path.counters.open).toBe(30);
  expect(path.entries.every(({ end }) => end === 'evicted')).toBe(true);
});

test('amplification: a spoofed question has no more answers sent to its victim than `responses` says', async () => {
  const backend = await UdpPeer.open();
  backend.onDatagram = () => Array.from({ length: 100 }, () => 'amplified');
  const path = new UdpTestPath({ backendPorts: [backend.port], listener: { responses: 2 } });
  const victim = await UdpPeer.open();
  for (let i = 0; i < 5; i++) {
    victim.send('spoofed', path.port);
    await poll(() => path.entries.length === i + 1);
  }
  expect(path.entries.map(({ datagramsFromBackend }) => datagramsFromBackend)).toEqual([2, 2, 2, 2, 2]);
  await poll(() => victim.received.length === 10);
});
