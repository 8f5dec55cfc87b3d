import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { poll } from '../../support/poll.ts';
import { unusedPort } from '../../support/raw-backend.ts';
import { statusOf } from '../../support/status.ts';
import { runTidegate, type TidegateProcess } from '../../support/tidegate-process.ts';
import { closing, openWebSocket, startWebSocketServer } from '../../support/websocket-peers.ts';

function config(listeners: readonly string[], backends: readonly number[], more = ''): string {
  const rows = listeners.map(
    (address, index) =>
      `  - { name: l${index}, address: '${address}', upstream: site, webSocket: { drainTimeout: 100ms }${more} }\n`,
  );
  const addresses = backends.map((port) => `{ address: '127.0.0.1:${port}' }`);
  return `listeners:\n${rows.join('')}upstreams: { site: { backends: [${addresses.join(', ')}] } }\nworkers: 2\n`;
}

async function reload(tidegate: TidegateProcess, text: string): Promise<void> {
  await tidegate.write('tidegate.config.yaml', text);
  expect((await tidegate.command('reload')).stderr).toBe('');
}

async function echo(socket: WebSocket, text: string): Promise<string> {
  socket.send(text);
  return String((await once(socket, 'message'))[0]);
}

test('20 reloads drop no WebSocket', async () => {
  const { port } = await startWebSocketServer();
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(['127.0.0.1:0'], [port]) },
    workers: 'real',
  });
  const { port: webPort } = new URL(await tidegate.url('l0'));
  const sockets = await Promise.all(Array.from({ length: 20 }, () => openWebSocket(Number(webPort))));
  let closed = 0;
  for (const socket of sockets) socket.once('close', () => closed++);
  for (let count = 1; count <= 20; count++) {
    await tidegate.write(
      'tidegate.config.yaml',
      config(['127.0.0.1:0'], [port], `, timeouts: { body: ${count}s }`),
    );
    const reloaded = tidegate.nextLine('reloaded');
    tidegate.kill('SIGHUP');
    await reloaded;
  }
  expect(await Promise.all(sockets.map((socket) => echo(socket, 'still here')))).toEqual(
    sockets.map(() => 'still here'),
  );
  expect(closed).toBe(0);
  expect((await statusOf(tidegate)).listeners).toMatchObject([{ name: 'l0', webSockets: 20, inFlight: 20 }]);
  expect((await tidegate.command('status')).stdout).toMatch(/WEBSOCKETS/);
});

test('WebSockets of a backend that is removed are closed with 1001, those of another one stay', async () => {
  const [first, second] = [await startWebSocketServer(), await startWebSocketServer()];
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(['127.0.0.1:0'], [first.port, second.port]) },
    workers: 'real',
  });
  const { port: webPort } = new URL(await tidegate.url('l0'));
  const sockets = await Promise.all(Array.from({ length: 8 }, () => openWebSocket(Number(webPort))));
  expect(first.sockets.size).toBeGreaterThan(0);
  expect(second.sockets.size).toBeGreaterThan(0);
  const leaving = Promise.all([...first.sockets].map((socket) => closing(socket)));
  const codes: number[] = [];
  for (const socket of sockets) socket.once('close', (code) => codes.push(code));
  const count = first.sockets.size;
  await reload(tidegate, config(['127.0.0.1:0'], [second.port]));
  expect((await leaving).map(({ code }) => code)).toEqual(Array.from({ length: count }, () => 1001));
  expect(second.sockets.size).toBe(8 - count);
  await poll(() => codes.length === count);
  const open = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN);
  expect(await Promise.all(open.map((socket) => echo(socket, 'still here')))).toHaveLength(8 - count);
  expect(new Set(codes)).toEqual(new Set([1001]));
});

test('WebSockets of a listener that is removed are closed with 1001', async () => {
  const { port } = await startWebSocketServer();
  const removed = await unusedPort();
  const tidegate = await runTidegate({
    files: { 'tidegate.config.yaml': config(['127.0.0.1:0', `127.0.0.1:${removed}`], [port]) },
    workers: 'real',
  });
  const { port: webPort } = new URL(await tidegate.url('l0'));
  const stays = await openWebSocket(Number(webPort));
  const goes = await openWebSocket(removed);
  const closed = closing(goes);
  await reload(tidegate, config(['127.0.0.1:0'], [port]));
  expect((await closed).code).toBe(1001);
  expect(await echo(stays, 'still here')).toBe('still here');
});
