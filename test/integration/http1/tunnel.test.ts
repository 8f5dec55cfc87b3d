import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { startRawBackend, type BackendConnection } from '../../support/raw-backend.ts';
import { connectRaw, get, type RawClient } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { poll } from '../../support/poll.ts';
import { entry, startProxy } from './setup.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const HANDSHAKE = get(
  '/',
  'Connection: Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
);
const ACCEPTED = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;

async function openTunnel(
  early = '',
  greeting = '',
): Promise<{ client: RawClient; backend: BackendConnection; proxy: DataPath }> {
  const backend = await startRawBackend((request) => request.reply(ACCEPTED + greeting));
  const proxy = await startProxy({ backendPort: backend.port });
  const client = await connectRaw(proxy.port);
  client.send(HANDSHAKE + early);
  expect((await client.answerHead()).status).toBe(101);
  return { client, backend: (await backend.request(0)).connection, proxy };
}

test('bytes sent along with the handshake, on either side, come out on the other', async () => {
  const { client, backend } = await openTunnel('early', 'greeting');
  await backend.until(() => (backend.buffered === 'early' ? true : null), 'the early bytes');
  await client.until(() => (client.buffered === 'greeting' ? true : null), 'the greeting');
});

test('half-close: after the FIN of the client the backend can go on sending', async () => {
  const { client, backend, proxy } = await openTunnel();
  client.send('last words');
  client.socket.end();
  expect(await backend.end()).toBe('fin');
  expect(backend.buffered).toBe('last words');
  backend.send('answer after the FIN');
  await client.until(() => (client.buffered === 'answer after the FIN' ? true : null), 'the answer');
  expect(proxy.entries).toHaveLength(0);
  backend.socket.end();
  expect(await client.end()).toBe('fin');
  const { requestBytes, responseBytes } = await entry(proxy);
  expect([requestBytes, responseBytes]).toEqual([10, 20]);
});

test('half-close the other way round', async () => {
  const { client, backend } = await openTunnel();
  backend.socket.end('bye');
  expect(await client.end()).toBe('fin');
  client.send('still here');
  await backend.until(() => (backend.buffered === 'still here' ? true : null), 'what the client sent');
  client.socket.end();
  expect(await backend.end()).toBe('fin');
});

test('a broken connection on one side ends the other', async () => {
  const { client, backend, proxy } = await openTunnel();
  backend.socket.resetAndDestroy();
  await client.end();
  client.socket.destroy();
  await entry(proxy);
});

test('a reader that does not read stops the sender', async () => {
  const { client, backend } = await openTunnel();
  client.keepsData = false;
  client.socket.pause();
  const piece = Buffer.alloc(1 << 20);
  const poured = backend.pour(piece, 64);
  const { socket } = backend;
  let before = -1;
  // The kernel's buffers fill, then nothing moves any more.
  await poll(async () => {
    const now = socket.bytesWritten - socket.writableLength;
    const stopped = now === before && socket.writableLength > 0;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return stopped;
  });
  expect(before).toBeLessThan(40 << 20);
  client.socket.resume();
  expect(await poured).toBe(64 << 20);
  await client.until(() => (client.bytesReceived >= 64 << 20 ? true : null), 'the rest');
});
