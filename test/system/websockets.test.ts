import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { webConfig } from '../support/configs.ts';
import { statusOf } from '../support/status.ts';
import { runTidegate } from '../support/tidegate-process.ts';
import { openWebSocket, startWebSocketServer } from '../support/websocket-peers.ts';

const MESSAGE_BYTES = 1 << 20;
const MESSAGES = 100;

/** The hash of what it gets until `MESSAGES` messages have come. */
function receiveAll(socket: WebSocket): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  return new Promise((resolve) =>
    socket.on('message', (data: Buffer) => {
      hash.update(data);
      if (++count === MESSAGES) resolve(hash.digest('hex'));
    }),
  );
}

/** Sends them and returns their hash. */
async function sendAll(socket: WebSocket): Promise<string> {
  const hash = createHash('sha256');
  for (let count = 0; count < MESSAGES; count++) {
    const message = randomBytes(MESSAGE_BYTES);
    hash.update(message);
    await new Promise<void>((resolve, reject) =>
      socket.send(message, (error) => {
        if (error) reject(error);
        else resolve();
      }),
    );
  }
  return hash.digest('hex');
}

test('100 MB each way at the same time arrive intact', async () => {
  const server = await startWebSocketServer(() => {});
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ backend: `127.0.0.1:${server.port}` }) },
    workers: 'real',
  });
  const { port } = new URL(await tidegate.url());
  const client = await openWebSocket(Number(port));
  const [backend] = server.sockets;
  if (backend === undefined) throw new Error('the backend has no WebSocket');
  const [atBackend, atClient, fromClient, fromBackend] = await Promise.all([
    receiveAll(backend),
    receiveAll(client),
    sendAll(client),
    sendAll(backend),
  ]);
  expect([atBackend, atClient]).toEqual([fromClient, fromBackend]);
});

test('1,000 idle WebSockets survive 20 reloads', async () => {
  const server = await startWebSocketServer();
  const backend = `127.0.0.1:${server.port}`;
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': webConfig({ backend }) },
    workers: 'real',
  });
  const { port } = new URL(await tidegate.url());
  const sockets: WebSocket[] = [];
  while (sockets.length < 1000)
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => openWebSocket(Number(port))))));
  let closed = 0;
  for (const socket of sockets) socket.once('close', () => closed++);
  for (let count = 1; count <= 20; count++) {
    const reloaded = tidegate.line('reloaded', ({ version }) => version === count + 1);
    await tidegate.write('tidegate.config.yaml', webConfig({ backend, upstreams: [`more${count}`] }));
    tidegate.kill('SIGHUP');
    await reloaded;
  }
  expect((await statusOf(tidegate)).listeners).toMatchObject([{ name: 'web', webSockets: 1000 }]);
  await Promise.all(
    sockets.map(async (socket) => {
      socket.send('still here');
      expect(String((await once(socket, 'message'))[0])).toBe('still here');
    }),
  );
  expect(closed).toBe(0);
});
