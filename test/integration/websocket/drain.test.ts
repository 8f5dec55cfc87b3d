import { expect, test } from 'vitest';
import { startRawBackend } from '../../support/raw-backend.ts';
import { connectRaw } from '../../support/raw-client.ts';
import {
  ACCEPTED,
  closing,
  HANDSHAKE,
  openWebSocket,
  startWebSocketServer,
} from '../../support/websocket-peers.ts';
import { entry, startProxy } from '../http1/setup.ts';
import { CLIENT_CLOSE_1001, CLOSE_1001, maskedCloseCode, openRawWebSocket } from './setup.ts';

test('when its listener goes, a WebSocket goes on for `drainTimeout`, then both ends get 1001', async () => {
  const server = await startWebSocketServer();
  const proxy = await startProxy({
    backendPort: server.port,
    listener: { webSocket: { drainTimeout: '300ms' } },
  });
  const client = await openWebSocket(proxy.port);
  const [backend] = server.sockets;
  if (backend === undefined) throw new Error('the backend has no WebSocket');
  const closed = Promise.all([closing(client), closing(backend)]);
  const begin = performance.now();
  const drained = proxy.drain();
  client.send('after the drain began');
  await new Promise((resolve) => client.once('message', resolve));
  expect((await closed).map(({ code }) => code)).toEqual([1001, 1001]);
  await drained;
  expect(performance.now() - begin).toBeGreaterThan(290);
  const { status, error } = await entry(proxy);
  expect([status, error]).toEqual([101, 'websocket-drained']);
});

test('when its backend goes, it is closed in the same way, and others are not', async () => {
  const server = await startWebSocketServer();
  const other = await startWebSocketServer();
  const proxy = await startProxy({
    listener: {
      webSocket: { drainTimeout: '0s' },
      routes: [{ path: '/chat', upstream: 'one' }],
      upstream: 'two',
    },
    upstreams: {
      one: { backends: [{ address: `127.0.0.1:${server.port}` }] },
      two: { backends: [{ address: `127.0.0.1:${other.port}` }] },
    },
  });
  const client = await openWebSocket(proxy.port);
  const [atOther] = [...(proxy.upstreams.get('two')?.backends ?? [])];
  const [backend] = [...(proxy.upstreams.get('one')?.backends ?? [])];
  if (atOther === undefined || backend === undefined) throw new Error('no backend');
  proxy.service.tunnels.leave([atOther.runtime]);
  client.send('still here');
  await new Promise((resolve) => client.once('message', resolve));
  const closed = closing(client);
  proxy.service.tunnels.leave([backend.runtime]);
  expect((await closed).code).toBe(1001);
});

test('a close frame waits for the end of the frame that is under way', async () => {
  const { client, backend, proxy } = await openRawWebSocket({ drainTimeout: '50ms' });
  backend.send('\x81\x05he');
  await client.until(() => (client.buffered === '\x81\x05he' ? true : null), 'half a frame');
  const drained = proxy.drain();
  // Nothing is under way in the other direction.
  expect(await maskedCloseCode(backend)).toBe(1001);
  expect(client.buffered).toBe('\x81\x05he');
  backend.send('llo\x81\x03not');
  await client.until(() => (client.buffered.endsWith(CLOSE_1001) ? true : null), 'a close frame');
  expect(client.buffered).toBe(`\x81\x05hello${CLOSE_1001}`);
  backend.send(`\x81\x03not${CLOSE_1001}`);
  client.send(CLIENT_CLOSE_1001);
  expect(await Promise.all([client.end(), backend.end()])).toEqual(['fin', 'fin']);
  expect(client.buffered).toBe(`\x81\x05hello${CLOSE_1001}`);
  client.socket.destroy();
  backend.socket.destroy();
  await drained;
  expect((await entry(proxy)).error).toBe('websocket-drained');
});

test('a WebSocket whose handshake was under way is closed, too', async () => {
  const backend = await startRawBackend(() => {});
  const proxy = await startProxy({
    backendPort: backend.port,
    listener: { webSocket: { drainTimeout: '0s' } },
  });
  const client = await connectRaw(proxy.port);
  client.send(HANDSHAKE);
  const request = await backend.request(0);
  void proxy.drain();
  request.reply(ACCEPTED);
  expect((await client.answerHead()).status).toBe(101);
  await client.until(() => (client.buffered === CLOSE_1001 ? true : null), 'a close frame');
  client.send(CLIENT_CLOSE_1001);
  request.connection.send(CLOSE_1001);
  await Promise.all([client.end(), request.connection.end()]);
  client.socket.destroy();
  request.connection.socket.destroy();
  expect((await entry(proxy)).error).toBe('websocket-drained');
});
