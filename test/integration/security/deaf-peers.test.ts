import { expect, test } from 'vitest';
import { connectTcp, startTcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';
import { stalled } from '../http1/fill-buffers.ts';
import type { RawSocket } from '../../support/raw-socket.ts';

const MIB = 1024 * 1024;
const PIECE = Buffer.alloc(MIB / 4);
const PAIRS = 5;
/** Far more than the kernel holds of two connections. */
const POURED = 200 * MIB;
/** What the system may hold of two connections that nobody reads. */
const OF_THE_SYSTEM = 40 * MIB;
const HELD = MIB / 2;

async function expectHeldUp(senders: readonly RawSocket[]): Promise<void> {
  const before = process.memoryUsage().arrayBuffers;
  for (const sender of senders) void sender.pour(PIECE, POURED / PIECE.length);
  expect(Math.max(...(await Promise.all(senders.map(stalled))))).toBeLessThan(OF_THE_SYSTEM);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(PAIRS * HELD);
}

async function startPairs(): Promise<{ clients: RawSocket[]; backends: RawSocket[] }> {
  const backend = await startTcpBackend();
  const proxy = await startTcp({ backendPort: backend.port });
  const clients: RawSocket[] = [];
  const backends: RawSocket[] = [];
  for (let i = 0; i < PAIRS; i++) {
    clients.push(await connectTcp(proxy.port));
    backends.push(await backend.connection(i));
  }
  return { clients, backends };
}

test('clients that never read hold up their backends, and no more than a bound of the bytes', async () => {
  const { clients, backends } = await startPairs();
  for (const { socket } of clients) socket.pause();
  await expectHeldUp(backends);
});

test('backends that never read hold up their clients, and no more than a bound of the bytes', async () => {
  const { clients, backends } = await startPairs();
  for (const { socket } of backends) socket.pause();
  await expectHeldUp(clients);
});
