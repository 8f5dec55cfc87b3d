import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { authority, certificateFiles } from '../../support/certificates.ts';
import { listenForTest } from '../../support/listen.ts';
import { startTcp } from '../../support/tcp-path.ts';
import { arrival, BYTES, expectFairShares, expectRate } from './setup.ts';

interface Limited {
  readonly port: number;
  /** How long the bytes of each client took, in ms, in the order in which they had come. */
  readonly uploads: readonly number[];
}

/** Before a backend that sends `BYTES`, and takes as many. */
async function limited(listener: Readonly<Record<string, unknown>>): Promise<Limited> {
  const uploads: number[] = [];
  const backend = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(Buffer.alloc(BYTES, 'x'));
    // A client that sends nothing leaves in the middle of it.
    arrival(socket).then(
      (ms) => uploads.push(ms),
      () => {},
    );
  });
  const { port } = await startTcp({ backendPort: await listenForTest(backend), listener });
  return { port, uploads };
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('both directions of a connection, each at its rate', async () => {
  const { port, uploads } = await limited({ bandwidth: '2MiB/s' });
  const socket = await client(port);
  socket.write(Buffer.alloc(BYTES));
  expectRate(await arrival(socket));
  await expect.poll(() => uploads.length, { timeout: 5000 }).toBe(1);
  expectRate(uploads[0] ?? 0);
});

test('connections share the rate of the listener equally', async () => {
  const { port } = await limited({ bandwidth: '4MiB/s' });
  const sockets = await Promise.all([client(port), client(port), client(port), client(port)]);
  const times = await Promise.all(sockets.map((socket) => arrival(socket)));
  expectFairShares(times, 2);
});

test('each connection has its own rate', async () => {
  const { port } = await limited({ bandwidth: { connection: '2MiB/s' } });
  const sockets = await Promise.all([client(port), client(port), client(port)]);
  const times = await Promise.all(sockets.map((socket) => arrival(socket)));
  for (const ms of times) expectRate(ms);
});

test('where TLS is ended, too', async () => {
  const tls = { certificates: [certificateFiles('local')] };
  const { port } = await limited({ protocol: 'tls', tls, bandwidth: '2MiB/s' });
  const socket = connectTls({ port, host: 'localhost', ca: authority });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  expectRate(await arrival(socket));
});
