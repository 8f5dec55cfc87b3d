import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listenForTest } from '../../support/listen.ts';
import { poll } from '../../support/poll.ts';
import { startTcp, type TcpPath } from '../../support/tcp-path.ts';

const MiB = 2 ** 20;

interface Peers {
  readonly proxy: TcpPath;
  readonly client: Socket;
  readonly received: () => number;
  /** By the backend. */
  readonly taken: () => number;
}

/** A backend that sends a MiB, and a client that does the same. */
async function start(bandwidth: string | object): Promise<Peers> {
  let received = 0;
  let taken = 0;
  const sockets = new Set<Socket>();
  const backend = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (piece) => (taken += piece.length));
    socket.end(Buffer.alloc(MiB, 'b'));
  });
  const backendPort = await listenForTest(backend, () => {
    for (const socket of sockets) socket.destroy();
  });
  const proxy = await startTcp({ backendPort, listener: { bandwidth } });
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void client.destroy());
  client.on('error', () => {});
  client.on('data', (piece) => (received += piece.length));
  await once(client, 'connect');
  client.end(Buffer.alloc(MiB, 'c'));
  return { proxy, client, received: () => received, taken: () => taken };
}

test('every byte passes, both ways at a time, no faster than the rate', async () => {
  const startMs = performance.now();
  const { proxy, received, taken } = await start('2MiB/s');
  await poll(() => received() === MiB && taken() === MiB);
  // A tenth of a second's worth passes at once.
  expect(performance.now() - startMs).toBeGreaterThan(390);
  await poll(() => proxy.entries.length === 1);
  expect(proxy.entries[0]).toMatchObject({ end: 'closed', bytesFromClient: MiB, bytesFromBackend: MiB });
});

test('a connection that waits for its rate goes on at once with one that a reload brings', async () => {
  const { proxy, received, taken } = await start('64KiB/s');
  await poll(() => received() > 0 && taken() > 0);
  expect(received()).toBeLessThan(MiB / 2);
  const { service } = proxy;
  const config = { ...service.config, bandwidth: null };
  proxy.listener.update({ ...service, config });
  await poll(() => received() === MiB && taken() === MiB);
});

test('a client that is gone while it waits for its rate is logged, and waits for nothing more', async () => {
  const { proxy, client, received } = await start({ connection: '64KiB/s' });
  await poll(() => received() > 0);
  client.resetAndDestroy();
  await poll(() => proxy.entries.length === 1);
  expect(proxy.entries[0]).toMatchObject({ end: 'client-reset' });
  expect(proxy.service.counters.open).toBe(0);
});

test('ever new connections get no more than one that stays', async () => {
  const { proxy, client, taken } = await start('256KiB/s');
  client.destroy();
  const startMs = performance.now();
  const before = taken();
  while (performance.now() - startMs < 1000) {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.end(Buffer.alloc(48 * 1024));
    await Promise.race([once(socket, 'end'), new Promise((resolve) => setTimeout(resolve, 20))]);
    socket.destroy();
  }
  const seconds = (performance.now() - startMs) / 1000;
  expect((taken() - before) / seconds).toBeLessThan(400 * 1024);
});
