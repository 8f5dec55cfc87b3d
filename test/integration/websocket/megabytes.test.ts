import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';
import { startProxy } from '../http1/setup.ts';

function hash(data: unknown): string {
  if (!Buffer.isBuffer(data)) throw new Error('no buffer');
  return createHash('sha256').update(data).digest('hex');
}

test('16 MiB each way at the same time arrive intact', async () => {
  const server = await startWebSocketServer(() => {});
  const proxy = await startProxy({ backendPort: server.port });
  const client = await openWebSocket(proxy.port, { perMessageDeflate: false });
  const [backend] = server.sockets;
  if (backend === undefined) throw new Error('the backend has no WebSocket');
  const [up, down] = [randomBytes(16 << 20), randomBytes(16 << 20)];
  const arrived = Promise.all([once(backend, 'message'), once(client, 'message')]);
  client.send(up);
  backend.send(down);
  const [[atBackend], [atClient]] = await arrived;
  expect([hash(atBackend), hash(atClient)]).toEqual([hash(up), hash(down)]);
});
