import { expect, test } from 'vitest';
import { entry } from '../../integration/http1/setup.ts';
import { CLOSE_1001, maskedCloseCode, openRawWebSocket } from '../../integration/websocket/setup.ts';

test('a frame that does not go on is cut in the end, and the log says so', async () => {
  const { client, backend, proxy } = await openRawWebSocket({ drainTimeout: '0s' });
  backend.send('\x81\x05he');
  await client.until(() => (client.buffered === '\x81\x05he' ? true : null), 'half a frame');
  const begin = performance.now();
  void proxy.drain();
  await client.end();
  expect(performance.now() - begin).toBeGreaterThan(4_900);
  expect(client.buffered).toBe('\x81\x05he');
  expect((await entry(proxy)).error).toBe('websocket-cut');
});

test('ends that do not answer the close frame are not waited for longer than 5 s', async () => {
  const { client, backend, proxy } = await openRawWebSocket({ drainTimeout: '0s' });
  void proxy.drain();
  await client.until(() => (client.buffered === CLOSE_1001 ? true : null), 'a close frame');
  expect(await maskedCloseCode(backend)).toBe(1001);
  await Promise.all([client.end(), backend.end()]);
  expect((await entry(proxy)).error).toBe('websocket-drained');
});

test('a frame that its receiver does not take is cut, too', async () => {
  const { client, backend, proxy } = await openRawWebSocket({ drainTimeout: '0s' });
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(64 << 20));
  backend.send(Buffer.concat([Buffer.from([0x82, 127]), size]));
  await client.until(() => (client.buffered.length === 10 ? true : null), 'the header of a frame');
  client.socket.pause();
  const poured = backend.pour(Buffer.alloc(1 << 20), 64);
  void proxy.drain();
  expect(await maskedCloseCode(backend)).toBe(1001);
  expect((await entry(proxy)).error).toBe('websocket-cut');
  await poured;
});
