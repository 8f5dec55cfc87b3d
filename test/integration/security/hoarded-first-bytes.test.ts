import { expect, test } from 'vitest';
import { ruleScript } from '../../support/rule-script.ts';
import { connectTcp, startTcpBackend } from '../../support/tcp-peers.ts';
import { startTcp } from '../../support/tcp-path.ts';
import { stalled } from '../http1/fill-buffers.ts';

const MIB = 1024 * 1024;
const PIECE = Buffer.alloc(MIB / 4);
const CLIENTS = 10;
const INSPECTED = 16 * 1024;
/** Beyond that; one read brings up to 64 KiB along. */
const READ_BYTES = 64 * 1024;

test('clients that pour while it is looked at their first bytes are read no further than limits.inspect and one read', async () => {
  const backend = await startTcpBackend();
  const held: number[] = [];
  const proxy = await startTcp({
    listener: { limits: { inspect: '16KiB', connections: CLIENTS } },
    // The only place is taken, so that what was looked at is held on.
    upstreams: {
      site: { queue: { timeout: '1m' }, backends: [{ address: backend.address, maxConnections: 1 }] },
    },
    rules: ruleScript({
      connect: ({ bytes }) => {
        held.push(bytes?.length ?? 0);
        return bytes === null ? { kind: 'inspect', bytes: INSPECTED, timeoutMs: null } : { kind: 'next' };
      },
    }),
  });
  const clients = [];
  for (let i = 0; i < CLIENTS; i++) clients.push(await connectTcp(proxy.port));
  for (const { socket } of clients) socket.write(PIECE.subarray(0, INSPECTED));
  (await backend.connection(0)).socket.pause();
  // Beyond `limits.connections` nobody is looked at.
  expect(await (await connectTcp(proxy.port)).end()).toBe('reset');
  const before = process.memoryUsage().arrayBuffers;
  for (const client of clients) void client.pour(PIECE, 400);
  await Promise.all(clients.map(stalled));
  expect(held.length).toBe(2 * CLIENTS);
  expect(Math.max(...held)).toBeLessThanOrEqual(INSPECTED + READ_BYTES);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(CLIENTS * MIB);
});
