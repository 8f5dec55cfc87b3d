import { createHash, randomBytes, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import { authority, certificateFiles } from '../support/certificates.ts';
import { webConfig } from '../support/configs.ts';
import { statusOf } from '../support/status.ts';
import { runTidegate, type TidegateProcess } from '../support/tidegate-process.ts';
import {
  closing,
  openSecureWebSocket,
  openWebSocket,
  startWebSocketServer,
} from '../support/websocket-peers.ts';

const MESSAGE_BYTES = 1 << 20;
const MESSAGES = 100;

/** A listener `web` with TLS; `upstreams` are extra names. */
function secureConfig(backend: string, upstreams: readonly string[] = []): string {
  const rows = ['site', ...upstreams].map((name) => [name, { backends: [{ address: backend }] }]);
  return JSON.stringify({
    listeners: [
      {
        name: 'web',
        protocol: 'https',
        address: '127.0.0.1:0',
        tls: { certificates: [certificateFiles('local')] },
        webSocket: { drainTimeout: '1s' },
        upstream: 'site',
      },
    ],
    upstreams: Object.fromEntries(rows),
    workers: 2,
  });
}

async function start(config: string): Promise<{ tidegate: TidegateProcess; port: number }> {
  const tidegate = await runTidegate({ files: { 'tidegate.config.yaml': config }, workers: 'real' });
  return { tidegate, port: Number(new URL(await tidegate.url()).port) };
}

/** The hash of what it gets until `MESSAGES` messages have come. */
function receiveAll(socket: WebSocket): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  return new Promise((resolve) =>
    socket.on('message', (data: Buffer) => {
      hash.update(data);
      if (++count === MESSAGES) resolve(hash.digest('hex'));
    }),
  );
}

/** Sends them and returns their hash. */
async function sendAll(send: (message: Buffer) => Promise<void>): Promise<string> {
  const hash = createHash('sha256');
  for (let count = 0; count < MESSAGES; count++) {
    const message = randomBytes(MESSAGE_BYTES);
    hash.update(message);
    await send(message);
  }
  return hash.digest('hex');
}

const sender =
  (socket: WebSocket) =>
  (message: Buffer): Promise<void> =>
    new Promise((resolve, reject) =>
      socket.send(message, (error) => {
        if (error) reject(error);
        else resolve();
      }),
    );

function only(sockets: ReadonlySet<WebSocket>): WebSocket {
  const [socket] = sockets;
  if (socket === undefined) throw new Error('the backend has no WebSocket');
  return socket;
}

test.each([
  { scheme: 'ws', config: (backend: string) => webConfig({ backend }), open: openWebSocket },
  { scheme: 'wss', config: secureConfig, open: openSecureWebSocket },
])('100 MB each way at the same time arrive intact over $scheme', async ({ config, open }) => {
  const server = await startWebSocketServer(() => {});
  const { port } = await start(config(`127.0.0.1:${server.port}`));
  const client = await open(port);
  const backend = only(server.sockets);
  const [atBackend, atClient, fromClient, fromBackend] = await Promise.all([
    receiveAll(backend),
    receiveAll(client),
    sendAll(sender(client)),
    sendAll(sender(backend)),
  ]);
  expect([atBackend, atClient]).toEqual([fromClient, fromBackend]);
});

/** The header of a frame with one message: masked with zeros as a client's, or as a server's. */
function frameHeader(masked: boolean): Buffer {
  const header = Buffer.alloc(masked ? 14 : 10);
  header.set([0x82, masked ? 0xff : 0x7f]);
  header.writeBigUInt64BE(BigInt(MESSAGE_BYTES), 2);
  return header;
}

async function write(stream: Writable, piece: Buffer): Promise<void> {
  if (!stream.write(piece)) await once(stream, 'drain');
}

test('100 MB each way at the same time arrive intact over HTTP/2', async () => {
  const server = await startWebSocketServer(() => {});
  const { port } = await start(secureConfig(`127.0.0.1:${server.port}`));
  const session = connect(`https://127.0.0.1:${port}`, { ca: authority });
  onTestFinished(() => session.destroy());
  await once(session, 'remoteSettings');
  const stream = session.request(
    { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', 'sec-websocket-version': '13' },
    { endStream: false },
  );
  const [head] = await once(stream, 'response');
  expect(head).toMatchObject({ ':status': 200 });
  const backend = only(server.sockets);
  const received: Hash = createHash('sha256');
  let bytes = 0;
  const whole = MESSAGES * (frameHeader(false).length + MESSAGE_BYTES);
  const atClient = new Promise<string>((resolve) =>
    stream.on('data', (piece: Buffer) => {
      received.update(piece);
      bytes += piece.length;
      if (bytes === whole) resolve(received.digest('hex'));
    }),
  );
  const sent = createHash('sha256');
  const [atBackend, fromClient] = await Promise.all([
    receiveAll(backend),
    sendAll(async (message) => {
      await write(stream, frameHeader(true));
      await write(stream, message);
    }),
    sendAll((message) => {
      sent.update(frameHeader(false)).update(message);
      return sender(backend)(message);
    }),
  ]);
  expect([atBackend, await atClient]).toEqual([fromClient, sent.digest('hex')]);
});

test('1,000 idle WebSockets over TLS survive 20 reloads, and a shutdown closes each with 1001', async () => {
  const server = await startWebSocketServer();
  const backend = `127.0.0.1:${server.port}`;
  const { tidegate, port } = await start(secureConfig(backend));
  const sockets: WebSocket[] = [];
  while (sockets.length < 1000)
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => openSecureWebSocket(port)))));
  let closed = 0;
  for (const socket of sockets) socket.once('close', () => closed++);
  for (let count = 1; count <= 20; count++) {
    await tidegate.write('tidegate.config.yaml', secureConfig(backend, [`more${count}`]));
    const reloaded = tidegate.nextLine('reloaded');
    tidegate.kill('SIGHUP');
    await reloaded;
  }
  const { snapshot, listeners } = await statusOf(tidegate);
  expect(snapshot.version).toBeGreaterThan(20);
  expect(listeners).toMatchObject([{ name: 'web', webSockets: 1000 }]);
  await Promise.all(
    sockets.map(async (socket) => {
      socket.send('still here');
      expect(String((await once(socket, 'message'))[0])).toBe('still here');
    }),
  );
  expect(closed).toBe(0);
  const codes = Promise.all(sockets.map(async (socket) => (await closing(socket)).code));
  tidegate.kill('SIGTERM');
  expect(new Set(await codes)).toEqual(new Set([1001]));
  expect(await tidegate.exited).toEqual({ code: 0, signal: null });
});
