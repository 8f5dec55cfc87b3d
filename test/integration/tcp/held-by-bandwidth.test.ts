import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { connectTcp, startTcpBackend, type TcpBackend } from '../../support/tcp-peers.ts';
import { startTcp, type TcpPath } from '../../support/tcp-path.ts';

/** More than is read at once, so that whoever sends it waits for longer than the times of `startSlow`. */
const BYTES = Buffer.alloc(80_000, 'x');

async function startSlow(timeouts: object): Promise<{ proxy: TcpPath; backend: TcpBackend }> {
  const backend = await startTcpBackend();
  const bandwidth = { connection: '50KiB/s' };
  const proxy = await startTcp({ backendPort: backend.port, listener: { bandwidth, timeouts } });
  return { proxy, backend };
}

test('a client that a bandwidth holds up is not idle', async () => {
  const { proxy, backend } = await startSlow({ idle: '400ms' });
  const client = await connectTcp(proxy.port, BYTES);
  const { socket } = client;
  const connection = await backend.connection(0);
  socket.end();
  expect(await connection.end()).toBe('fin');
  expect(connection.bytesReceived).toBe(BYTES.length);
});

test('nor is half a connection silent of which the last bytes are held up', async () => {
  const { proxy, backend } = await startSlow({ halfClosed: '400ms' });
  const client = await connectTcp(proxy.port);
  client.socket.end();
  const { socket } = await backend.connection(0);
  socket.end(BYTES);
  expect(await client.end()).toBe('fin');
  expect(client.bytesReceived).toBe(BYTES.length);
  await poll(() => proxy.entries.length === 1);
  expect(proxy.entries[0]?.end).toBe('closed');
});

test('a stream that is cut off while a bandwidth holds it up does not look whole', async () => {
  const { proxy, backend } = await startSlow({ lifetime: '1200ms' });
  await connectTcp(proxy.port, Buffer.concat([BYTES, BYTES]));
  const connection = await backend.connection(0);
  expect(await connection.end()).toBe('reset');
  await poll(() => proxy.entries.length === 1);
  expect(proxy.entries[0]?.end).toBe('lifetime');
});
