import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { stalled } from '../http1/fill-buffers.ts';
import { entry, startProxy } from '../http1/setup.ts';

test('a client that ends its request body but takes none of the answer is cut off after the write timeout', async () => {
  const backend = await startRawBackend(({ connection }) =>
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n${'x'.repeat(30_000_000)}`),
  );
  const proxy = await startProxy({ listener: { timeouts: { write: '1s' } }, backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.socket.pause();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx');
  await stalled((await backend.request(0)).connection);
  client.send('y');
  expect((await entry(proxy)).error).toBe('client-write-timeout');
});
