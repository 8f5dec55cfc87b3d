import { expect, test } from 'vitest';
import { startRawBackend, type BackendConnection } from '../../support/raw-backend.ts';
import { connectRaw, type RawClient } from '../../support/raw-client.ts';
import type { DataPath } from '../../support/data-path.ts';
import { ACCEPTED, HANDSHAKE } from '../../support/websocket-peers.ts';
import { entry, startProxy } from './setup.ts';

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
