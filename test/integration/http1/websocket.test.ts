import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startWebSocketServer } from '../../support/websocket-peers.ts';
import { entry, inFlight, startProxy } from './setup.ts';

async function open(port: number, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, protocols, { perMessageDeflate: true });
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function echo(socket: WebSocket, data: string | Buffer): Promise<string> {
  socket.send(data);
  const [received] = await once(socket, 'message');
  return String(received);
}

test('messages of all sizes pass both ways through the tunnel', async () => {
  const proxy = await startProxy({ backendPort: (await startWebSocketServer()).port });
  const socket = await open(proxy.port);
  for (const length of [0, 1, 125, 126, 65_536, 3_000_000]) {
    expect(await echo(socket, Buffer.alloc(length, 'x'))).toHaveLength(length);
  }
});

test('subprotocols are agreed on end to end', async () => {
  const proxy = await startProxy({ backendPort: (await startWebSocketServer()).port });
  expect((await open(proxy.port, ['graphql-ws', 'other'])).protocol).toBe('graphql-ws');
});

test('it is one exchange from handshake to close, in flight until then', async () => {
  const proxy = await startProxy({ backendPort: (await startWebSocketServer()).port });
  const socket = await open(proxy.port);
  await echo(socket, 'hello');
  expect([proxy.service.counters.inFlight, inFlight(proxy), proxy.entries.length]).toEqual([1, 1, 0]);
  socket.close(1000, 'done');
  const [code, reason] = await once(socket, 'close');
  expect([code, String(reason)]).toEqual([1000, 'done']);
  const { status, error, requestBytes, responseBytes } = await entry(proxy);
  expect([status, error]).toEqual([101, null]);
  expect(requestBytes).toBeGreaterThan(5);
  expect(responseBytes).toBeGreaterThan(5);
});

test('a client that vanishes takes its backend connection with it', async () => {
  const proxy = await startProxy({ backendPort: (await startWebSocketServer()).port });
  const socket = await open(proxy.port);
  socket.terminate();
  expect((await entry(proxy)).status).toBe(101);
  expect(inFlight(proxy)).toBe(0);
});
