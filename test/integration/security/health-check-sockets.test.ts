import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startFullBacklog } from '../../support/full-backlog.ts';
import { poll } from '../../support/poll.ts';
import { probe } from '../health/probe.ts';

/** RFC 6455 4.2.2. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Accepts, and from then on does what `onConnection` does and nothing else: it never closes its side. */
async function startKeeper(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { address: `127.0.0.1:${address.port}`, accepted: () => sockets.size };
}

/** File descriptors of this process that are sockets, its servers' included. */
function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      // It was the one that read the folder.
      return false;
    }
  }).length;
}

function switchProtocols(socket: Socket): void {
  socket.once('data', (piece: Buffer) => {
    const key = /sec-websocket-key: (.*)\r/i.exec(piece.toString('latin1'))?.[1] ?? '';
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
  });
}

const isSilent = (): void => undefined;
const readsNothing = (socket: Socket): void => void socket.pause();

test.each<[what: string, onConnection: (socket: Socket) => void, check: object, upstream: object]>([
  ['tcp, silence', isSilent, { expect: 'x' }, {}],
  ['http, silence', isSilent, { type: 'http' }, {}],
  ['https, silence', isSilent, { type: 'https' }, {}],
  ['https behind a PROXY header, silence', isSilent, { type: 'https' }, { proxyProtocol: 'v2' }],
  ['h2, silence', isSilent, { type: 'h2' }, {}],
  ['grpc, silence', isSilent, { type: 'grpc' }, {}],
  ['agent, silence', isSilent, { type: 'agent' }, {}],
  ['websocket, silence', isSilent, { type: 'websocket' }, {}],
  ['websocket, silence after the handshake', switchProtocols, { type: 'websocket' }, {}],
  ['tcp, nothing is read', readsNothing, { send: 'x'.repeat(20_000_000) }, {}],
])(
  'a backend that never closes costs no file descriptor a check: %s',
  async (_, onConnection, check, upstream) => {
    const keeper = await startKeeper(onConnection);
    const before = openSockets();
    const rounds = Array.from({ length: 5 }, () =>
      probe(keeper.address, { ...check, timeout: '300ms' }, upstream),
    );
    await Promise.all(rounds);
    await poll(() => keeper.accepted() === 5);
    // The keeper's own sides stay.
    await poll(() => openSockets() - before === 5);
  },
);

test('nor does one that never accepts, behind a PROXY header', async () => {
  const port = await startFullBacklog();
  const before = openSockets();
  const result = await probe(`127.0.0.1:${port}`, { type: 'tls', timeout: '100ms' }, { proxyProtocol: 'v1' });
  expect(result.reason).toBe('no TLS connection within 100 ms');
  await poll(() => openSockets() <= before);
});
