import type { OnReadOpts, Socket } from 'node:net';

/**
 * Where every socket of the process reads into. One buffer does for all of them: a read and the
 * callback that takes it are one step of the event loop, so no other read comes between.
 */
const BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Takes what a socket has read. The piece is valid during the call only, since the next read of any
 * socket overwrites it: who keeps some of it keeps a copy (`copyOf`), and a write may keep it, too.
 */
export type Receive = (piece: Buffer) => void;

/**
 * What one socket reads, on its way to whoever takes it at the time: a connection's reader, later
 * perhaps a tunnel. Nobody listens to 'data' events, which cost a buffer of 64 KiB and a trip through the stream for each read.
 */
export class SocketInput {
  receive: Receive = () => {};
  /** Hears how much was read when that was taken; null: nobody asks. */
  onRead: ((bytes: number) => void) | null = null;

  /** What `net.connect`, `tls.connect` and `new Socket` take as `onread`; of one socket only. */
  readonly onread: OnReadOpts = {
    buffer: BUFFER,
    callback: (bytes) => {
      this.receive(BUFFER.subarray(0, bytes));
      if (this.onRead !== null) this.onRead(bytes);
      return true;
    },
  };

  /** For a socket that was made without `onread`. */
  readFrom(socket: Socket): void {
    socket.on('data', (piece: Buffer) => {
      this.receive(piece);
      if (this.onRead !== null) this.onRead(piece.length);
    });
  }
}
