/** Takes a body in pieces. */
export interface BodySink {
  /** `piece` is valid during the call only. False: no more for now; who writes hears when that is over. */
  write(piece: Buffer): boolean;
  /** What was written is to go on now. */
  flush(): void;
  /** Nothing follows. */
  end(): void;
}

/** One of the stations of a body, which stand one behind the other. */
export interface BodyStation extends BodySink {
  /** The next one takes more again. */
  resume(): void;
  /** Once, when nothing more is to come out: gives back what it holds. */
  close(): void;
}

/** A station's neighbours. */
export interface Surroundings {
  readonly next: BodySink;
  /** Whoever writes may write again. */
  onWritable(): void;
  onFailed(error: unknown): void;
}

export function asBuffer(piece: Uint8Array): Buffer {
  if (Buffer.isBuffer(piece)) return piece;
  if (!(piece instanceof Uint8Array)) throw new TypeError('a piece of a body is a Uint8Array');
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}
