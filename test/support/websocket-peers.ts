import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer, type ClientOptions, type ServerOptions } from 'ws';
import { authority } from './certificates.ts';
import { portOf } from './listen.ts';
import { get } from './raw-client.ts';
import type { RawMessage } from './raw-message.ts';

/** A real WebSocket server until the test has finished; sends every message back unless told otherwise. */
export async function startWebSocketServer(
  onConnection: (socket: WebSocket) => void = echo,
  options: ServerOptions = {},
): Promise<{ readonly port: number; readonly sockets: ReadonlySet<WebSocket> }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  server.on('connection', onConnection);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { port: portOf(server), sockets: server.clients };
}

function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

/** An open WebSocket of a real client, closed when the test has finished. */
export function openWebSocket(port: number, options: ClientOptions = {}): Promise<WebSocket> {
  return open(`ws://127.0.0.1:${port}/chat`, options);
}

/** The same over TLS, to a listener whose certificate is `local`. */
export function openSecureWebSocket(port: number): Promise<WebSocket> {
  return open(`wss://127.0.0.1:${port}/chat`, { ca: authority });
}

async function open(url: string, options: ClientOptions): Promise<WebSocket> {
  const socket = new WebSocket(url, options);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

/** How a WebSocket ends. To be called before it does. */
export function closing(socket: WebSocket): Promise<{ readonly code: number; readonly reason: string }> {
  return new Promise((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** The handshake of a client that a test writes byte by byte, and the answer to it. */
export const HANDSHAKE = get(
  '/',
  'Connection: Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
);
export const ACCEPTED = acceptance(KEY);

/** What a backend answers that accepts this handshake. */
export function acceptanceOf(handshake: RawMessage): string {
  return acceptance(handshake.header('sec-websocket-key') ?? '');
}

function acceptance(key: string): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}
