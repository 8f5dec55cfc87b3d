import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { expect, test } from 'vitest';
import type { DataPath } from '../../support/data-path.ts';
import { startRawBackend, type BackendConnection } from '../../support/raw-backend.ts';
import { acceptanceOf } from '../../support/websocket-peers.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { CLIENT_CLOSE_1001, CLOSE_1001, maskedCloseCode } from '../websocket/setup.ts';
import { http2Session } from './setup.ts';

interface Open {
  readonly stream: ClientHttp2Stream;
  readonly backend: BackendConnection;
  readonly proxy: DataPath;
  readonly received: () => string;
}

async function open(webSocket: Readonly<Record<string, unknown>>): Promise<Open> {
  const server = await startRawBackend((request) => request.reply(acceptanceOf(request)));
  const proxy = await startProxy({ backendPort: server.port, listener: { http2: true, webSocket } });
  const session = http2Session(proxy.port);
  await once(session, 'remoteSettings');
  const stream = session.request(
    { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', 'sec-websocket-version': '13' },
    { endStream: false },
  );
  stream.on('error', () => {});
  await once(stream, 'response');
  let received = '';
  stream.on('data', (piece: Buffer) => (received += piece.toString('latin1')));
  return { stream, backend: (await server.request(0)).connection, proxy, received: () => received };
}

test('a drain closes it with 1001 in both directions, and the session ends after it', async () => {
  const { stream, backend, proxy, received } = await open({ drainTimeout: '0s' });
  const closed = once(stream, 'close');
  const drained = proxy.drain();
  expect(await maskedCloseCode(backend)).toBe(1001);
  stream.write(Buffer.from(CLIENT_CLOSE_1001, 'latin1'));
  backend.send(CLOSE_1001);
  await backend.end();
  backend.socket.end();
  await Promise.all([closed, drained]);
  expect([received(), stream.rstCode]).toEqual([CLOSE_1001, 0]);
  expect((await entry(proxy)).error).toBe('websocket-drained');
});

test('a stream that was ended towards a client which does not end it, too, is over at once', async () => {
  const { stream, backend, proxy } = await open({ idle: '300ms' });
  backend.socket.end();
  await once(stream, 'end');
  const begin = performance.now();
  await once(stream, 'close');
  expect((await entry(proxy)).error).toBe('backend-reset');
  expect(performance.now() - begin).toBeLessThan(5_000);
});

test('half a message at a drain: the rest of it passes, then the close frame', async () => {
  const { stream, backend, proxy, received } = await open({ drainTimeout: '0s' });
  backend.send('\x81\x05he');
  await once(stream, 'data');
  const drained = proxy.drain();
  expect(await maskedCloseCode(backend)).toBe(1001);
  backend.send('llo\x81\x02no');
  const closed = once(stream, 'close');
  backend.send(CLOSE_1001);
  await backend.end();
  stream.end(Buffer.from(CLIENT_CLOSE_1001, 'latin1'));
  backend.socket.end();
  await Promise.all([closed, drained]);
  expect(received()).toBe(`\x81\x05hello${CLOSE_1001}`);
});
