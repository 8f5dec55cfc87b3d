import { expect, test } from 'vitest';
import { poll } from '../../support/poll.ts';
import { ok, startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw, get } from '../../support/raw-client.ts';
import { answerThatFillsBuffers } from './fill-buffers.ts';
import { entry, startProxy } from './setup.ts';

test('the end of an answer reaches a slow client whole, although the connection ends after it', async () => {
  const size = await answerThatFillsBuffers();
  const backend = await startRawBackend((request) => request.reply(ok('x'.repeat(size))));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.keepsData = false;
  client.socket.pause();
  client.send(get('/', 'Connection: close'));
  await entry(proxy);
  // Longer than a closed connection lingers when there is nothing left to send.
  const begun = Date.now();
  await poll(() => Date.now() - begun > 2300);
  client.socket.resume();
  await client.end();
  expect(client.bytesReceived).toBeGreaterThan(size);
});

test('the backend connection whose answer a slow client has yet to take serves the next client', async () => {
  const size = await answerThatFillsBuffers();
  const backend = await startRawBackend((request) => request.reply(request.target === '/' ? ok('x'.repeat(size)) : ok('small')));
  const proxy = await startProxy({ backendPort: backend.port });
  const slow = await connectRaw(proxy.port);
  slow.socket.pause();
  slow.send(get('/'));
  await entry(proxy);
  expect((await (await connectRaw(proxy.port)).request(get('/small'))).body).toBe('small');
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
