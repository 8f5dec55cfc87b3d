import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { FrameType } from '../../../core/http2/frame-types.ts';
import { startFrameBackend } from '../../support/frame-backend.ts';
import { frame, words } from '../../support/http2-frames.ts';
import { poll } from '../../support/poll.ts';
import { connectRaw } from '../../support/raw-client.ts';
import { entry, site, startProxy } from '../http1/setup.ts';

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

/** Writes until nothing fits anywhere any more, and for a while has not. */
async function fill(socket: Socket): Promise<void> {
  const piece = Buffer.alloc(256 * 1024);
  let written = 0;
  const write = (): void =>
    void socket.write(piece, (error) => {
      written += 1;
      if (!error) write();
    });
  write();
  let seen = 0;
  let rounds = 0;
  await poll(() => {
    rounds = written === seen ? rounds + 1 : 0;
    seen = written;
    return rounds === 30;
  });
}

test('a backend that floods us and reads nothing does not keep its connection', async () => {
  const greeting = Buffer.concat([
    frame(FrameType.Settings, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])),
    frame(FrameType.WindowUpdate, 0, 0, words(0x7fff_0000)),
  ]);
  const backend = await startFrameBackend((connection) => connection.socket.pause(), greeting);
  const proxy = await startProxy({ upstreams: site([backend.port], { protocol: 'h2c' }) });
  const before = openSockets();
  const client = await connectRaw(proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n');
  await fill(client.socket);
  const flood = Array.from({ length: 3000 }, () => frame(FrameType.Ping, 0, 0, words(0, 0)));
  backend.connections[0]?.send(...flood);
  expect((await entry(proxy)).error).not.toBeNull();
  client.socket.destroy();
  // That of the backend itself is left.
  await poll(() => openSockets() <= before + 1);
});
