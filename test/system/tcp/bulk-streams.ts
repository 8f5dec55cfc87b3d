import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

const PIECE_BYTES = 256 * 1024;

/** What went by: how much, and a checksum of it. */
export interface Passed {
  readonly bytes: number;
  readonly checksum: number;
}

/** Sends so many bytes, no two pieces of them alike, as fast as they are taken, and the end. */
export async function sendAll(socket: Socket, bytes: number): Promise<Passed> {
  const pattern = Buffer.alloc(PIECE_BYTES);
  for (let i = 0; i < PIECE_BYTES; i += 4) pattern.writeUInt32LE(Math.imul(i, 2_654_435_761) >>> 0, i);
  let checksum = 0;
  for (let sent = 0; sent < bytes; sent += PIECE_BYTES) {
    const piece = Buffer.from(pattern);
    piece.writeDoubleLE(sent);
    checksum = crc32(piece, checksum);
    if (!socket.write(piece)) await drained(socket);
  }
  socket.end();
  return { bytes, checksum };
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => reject(new Error('the connection is gone'));
    socket.once('close', onClose);
    socket.once('drain', () => {
      socket.off('close', onClose);
      resolve();
    });
  });
}

/** Reads to the end, no faster than `bytesPerSecond`. */
export async function readSlowly(socket: Socket, bytesPerSecond: number): Promise<Passed> {
  const started = performance.now();
  let bytes = 0;
  let checksum = 0;
  // It may still be written to.
  const pieces: AsyncIterable<Buffer> = socket.iterator({ destroyOnReturn: false });
  for await (const piece of pieces) {
    bytes += piece.length;
    checksum = crc32(piece, checksum);
    const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - started);
    if (aheadMs > 20) await delay(aheadMs);
  }
  return { bytes, checksum };
}
