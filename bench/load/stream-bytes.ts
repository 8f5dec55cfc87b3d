import type { Socket } from 'node:net';

const piece = Buffer.alloc(256 * 1024);

/** Sends so many zeros, as fast as they are taken, and the end. */
export function pour(socket: Socket, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const next = left < piece.length ? piece.subarray(0, left) : piece;
      left -= next.length;
      if (!socket.write(next)) return void socket.once('drain', more);
    }
    socket.end();
  };
  more();
}

/** Reads to the end. */
export function takeAll(socket: Socket, onEnd: (bytes: number) => void): void {
  let bytes = 0;
  socket.on('data', (taken: Buffer) => {
    bytes += taken.length;
  });
  socket.once('end', () => onEnd(bytes));
}
