import type { OnReadOpts, Socket } from 'node:net';

/** The most that is read at once. */
export const READ_BYTES = 64 * 1024;

/**
 * Where every socket of the process reads into, but for a few that are lent a buffer of their own. One does for all of them: a
 * read and the callback that takes it are one step of the event loop, so no other read comes between.
 */
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * Takes what a socket has read. The piece is valid during the call only, since the next read of any
 * socket overwrites it: who keeps some of it keeps a copy (`copyOf`), and a write may keep it, too.
 */
export type Receive = (piece: Buffer) => void;

/** What a bandwidth holds up at present, although it could pass. */
export interface Held {
  reads: boolean;
  writes: boolean;
  /** When it last let some of it pass, on the clock of performance.now(). */
  lastMs: number;
}

/**
 * What one socket reads, on its way to whoever takes it at the time: a connection's reader, later
 * perhaps a tunnel. Nobody listens to 'data' events, which cost a buffer of 64 KiB and a trip through the stream for each read.
 */
export class SocketInput {
  receive: Receive = () => {};
  /** Instead of the shared one; null: none. To be changed within `receive` only. */
  ownBuffer: Buffer | null = null;
  /** Hears how much was read when that was taken; null: nobody asks. */
  onRead: ((bytes: number) => void) | null = null;
  /** Of the socket; null: it may pass on what it can. */
  held: Readonly<Held> | null = null;
  readonly #maxBytes: number;
  #piecesLast = false;

  /** What `net.connect`, `tls.connect` and `new Socket` take as `onread`; of one socket only. */
  readonly onread: OnReadOpts = {
    buffer: () => {
      const buffer = this.ownBuffer ?? SHARED;
      return this.#maxBytes < READ_BYTES ? buffer.subarray(0, this.#maxBytes) : buffer;
    },
    callback: (bytes) => {
      this.receive((this.ownBuffer ?? SHARED).subarray(0, bytes));
      if (this.onRead !== null) this.onRead(bytes);
      return true;
    },
  };

  /** `maxBytes`: the most that is read at once, where Node reads into our buffer. */
  constructor(maxBytes = READ_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Whether every piece has memory of its own, so that nobody needs a copy. */
  get piecesLast(): boolean {
    return this.#piecesLast;
  }

  /** For a socket that was made without `onread`. */
  readFrom(socket: Socket): void {
    this.#piecesLast = true;
    socket.on('data', (piece: Buffer) => {
      this.receive(piece);
      if (this.onRead !== null) this.onRead(piece.length);
    });
  }
}
