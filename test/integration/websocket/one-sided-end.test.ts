import { expect, test } from 'vitest';
import { entry } from '../http1/setup.ts';
import { CLIENT_CLOSE_1001, CLOSE_1001, openRawWebSocket } from './setup.ts';

const SETTINGS = { idle: '300ms' };

test('after both close frames, a client that does not end its connection does not keep it', async () => {
  const { client, backend, proxy } = await openRawWebSocket(SETTINGS);
  client.send(CLIENT_CLOSE_1001);
  await backend.until(() => (backend.buffered === CLIENT_CLOSE_1001 ? true : null), 'a close frame');
  backend.send(CLOSE_1001);
  backend.socket.end();
  await client.until(() => (client.buffered === CLOSE_1001 ? true : null), 'its answer');
  expect((await entry(proxy)).error).toBeNull();
  client.socket.destroy();
});

test('a close frame that nobody answers ends both connections', async () => {
  const { client, backend, proxy } = await openRawWebSocket(SETTINGS);
  client.send(CLIENT_CLOSE_1001);
  await Promise.all([client.end(), backend.end()]);
  expect([client.buffered, backend.buffered]).toEqual(['', CLIENT_CLOSE_1001]);
  for (const { socket } of [client, backend]) socket.destroy();
  expect((await entry(proxy)).error).toBeNull();
});

test('an end without close frame passes on, what the other one still sends arrives, then its silence ends it', async () => {
  const { client, backend, proxy } = await openRawWebSocket(SETTINGS);
  backend.socket.end();
  await client.end();
  client.send('\x81\x82\0\0\0\0yo');
  await backend.until(() => (backend.buffered.endsWith('yo') ? true : null), 'a last message');
  await backend.end();
  client.socket.destroy();
  const { error, requestBytes } = await entry(proxy);
  expect([error, requestBytes]).toEqual(['backend-reset', 8]);
});
