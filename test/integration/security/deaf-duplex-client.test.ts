import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { stalled } from '../http1/fill-buffers.ts';
import { entry, startProxy } from '../http1/setup.ts';

test('a client that sends on and on and reads nothing is cut off, although the backend waits for it too', async () => {
  // A backend that gives back what it gets, and takes no more than it can give.
  const backend = await startRawBackend(({ connection }) => {
    connection.keepsData = false;
    connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const { socket } = connection;
    socket.on('data', (piece: Buffer) => {
      socket.write(`${piece.length.toString(16)}\r\n`);
      socket.write(piece);
      if (!socket.write('\r\n')) socket.pause();
    });
    socket.on('drain', () => socket.resume());
  });
  const proxy = await startProxy({
    listener: { timeouts: { write: '500ms', body: '500ms' } },
    backendPort: backend.port,
  });
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n${'x'.repeat(60_000_000)}`);
  await stalled(client);
  expect((await entry(proxy)).error).toBe('client-write-timeout');
  await backend.connections[0]?.end();
});
