import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawClient } from '../../support/raw-client.ts';
import { answerThatFillsBuffers, fillTo, READ_SIZE } from './fill-buffers.ts';
import { entry, startProxy } from './setup.ts';

/**
 * A client that reads nothing, of whose answer the proxy holds the last piece. How much the kernel takes differs from
 * connection to connection, so an answer that does not fit is tried again a little smaller.
 */
async function clientWithHeldAnswer(): Promise<{ client: RawClient; size: number }> {
  for (let size = await answerThatFillsBuffers(); ; size -= READ_SIZE / 2) {
    const backend = await startRawBackend((request) => request.reply(ok('x'.repeat(size))));
    const proxy = await startProxy({ backendPort: backend.port });
    const client = await connectRaw(proxy.port);
    client.keepsData = false;
    client.socket.pause();
    client.send(get('/', 'Connection: close'));
    const fits = await poll(() => proxy.entries.length > 0, 1000).catch(() => false);
    if (fits) return { client, size };
    client.socket.resetAndDestroy();
    await entry(proxy);
  }
}

test('the end of an answer reaches a slow client whole, although the connection ends after it', async () => {
  const { client, size } = await clientWithHeldAnswer();
  // Longer than a closed connection lingers when there is nothing left to send.
  const begun = Date.now();
  await poll(() => Date.now() - begun > 2300);
  client.socket.resume();
  await client.end();
  expect(client.bytesReceived).toBeGreaterThan(size);
});

test('a backend connection of which the last piece met a full client socket serves the next client', async () => {
  const backend = await startRawBackend((request) => {
    const total = Number(request.target.slice(1));
    // Pieces that fill a read buffer to the last byte also fill the client's socket for a moment.
    request.reply(fillTo(total, (body) => ok(body)));
  });
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  for (let pieces = 1; pieces <= 20; pieces++)
    expect((await client.request(get(`/${pieces * READ_SIZE}`))).status).toBe(200);
  expect(backend.connections).toHaveLength(1);
});

test('a client that takes nothing is cut off after the write timeout', async () => {
  const backend = await startRawBackend((request) => request.reply(ok('x'.repeat(20_000_000))));
  const proxy = await startProxy({ listener: { timeouts: { write: '200ms' } }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.keepsData = false;
  client.socket.pause();
  client.send(get('/'));
  expect((await entry(proxy)).error).toBe('client-write-timeout');
  await backend.connections[0]?.end();
});
