import { test } from 'vitest';
import { startProxy } from '../../integration/http1/setup.ts';
import { openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';
import { BYTES, expectRate } from './setup.ts';

const PIECE = Buffer.alloc(32 * 1024);

test('a WebSocket, which echoes in both directions', async () => {
  const backend = await startWebSocketServer();
  const { port } = await startProxy({
    backendPort: backend.port,
    listener: { bandwidth: { connection: '2MiB/s' } },
  });
  const socket = await openWebSocket(port);
  const startMs = performance.now();
  const ms = await new Promise<number>((resolve) => {
    let received = 0;
    socket.on('message', (data: Buffer) => {
      received += data.length;
      if (received >= BYTES) resolve(performance.now() - startMs);
    });
    for (let sent = 0; sent < BYTES; sent += PIECE.length) socket.send(PIECE);
  });
  expectRate(ms);
});
