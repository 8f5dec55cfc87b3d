import { expect, test } from 'vitest';
import { DescriptorBudget } from '../../../core/layer4/descriptor-budget.ts';
import { poll } from '../../support/poll.ts';
import { echoBackend, UdpPeer } from '../../support/udp-peers.ts';
import { UdpTestPath } from '../../support/udp-path.ts';

/** Loopback addresses stand for sources that anybody can write into a datagram. */
async function flood({ port, counters }: UdpTestPath, count: number): Promise<void> {
  const before = counters.accepted;
  for (let i = 0; i < count; i++) {
    const source = await UdpPeer.open(`127.1.0.${1 + i}`);
    await source.sent('flood', port);
    source.close();
  }
  await poll(() => counters.accepted === before + count);
}

test('a flood at one UDP listener leaves descriptors to the sessions of another one', async () => {
  const silent = await UdpPeer.open();
  const backend = await echoBackend('b1');
  const descriptors = new DescriptorBudget(40);
  const flooded = new UdpTestPath({ backendPorts: [silent.port], descriptors });
  const other = new UdpTestPath({ backendPorts: [backend.port], descriptors });
  await flood(flooded, 40);
  const clients = await Promise.all(Array.from({ length: 10 }, () => UdpPeer.open()));
  for (const client of clients) {
    expect((await client.ask('1', other.port)).text).toBe('b1 1');
    expect((await client.ask('2', other.port)).text).toBe('b1 2');
  }
  expect(other.counters.open).toBe(10);
  expect(flooded.counters.open).toBe(10);
  // Those are established by now.
  await flood(flooded, 40);
  expect(other.counters.open).toBe(10);
});

test('a flood takes no descriptor from the established sessions of another listener that has more', async () => {
  const silent = await UdpPeer.open();
  const backend = await echoBackend('b1');
  const descriptors = new DescriptorBudget(40);
  const flooded = new UdpTestPath({ backendPorts: [silent.port], descriptors });
  const other = new UdpTestPath({ backendPorts: [backend.port], descriptors });
  const clients = await Promise.all(Array.from({ length: 18 }, () => UdpPeer.open()));
  for (const client of clients) for (const text of ['1', '2']) await client.ask(text, other.port);
  await flood(flooded, 40);
  expect(other.counters.open).toBe(18);
  expect(flooded.counters.open).toBe(2);
});
