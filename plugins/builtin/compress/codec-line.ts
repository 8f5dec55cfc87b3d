import { constants, Gzip } from 'node:zlib';
import type { Codec } from './codecs.ts';

type Push = (piece: Uint8Array) => void;

/**
 * One thing after the other through a codec, which works in a thread of its own: each call's promise is settled when everything
 * that comes of it has been pushed.
 */
export class CodecLine {
  readonly #codec: Codec;
  #push: Push | null = null;
  #settle: ((error: Error | null) => void) | null = null;
  #isEnding = false;

  constructor(codec: Codec) {
    this.#codec = codec;
    codec.on('data', (piece: Buffer) => this.#give(piece));
    codec.on('error', (error: Error) => this.#settle?.(error));
    codec.on('end', () => this.#settle?.(this.#isEnding ? null : new Error('bytes follow coded content')));
  }

  /** The piece is the codec's until the promise is settled. */
  write(piece: Buffer, push: Push): Promise<void> {
    return this.#run(push, (done) => this.#codec.write(piece, done));
  }

  /** Has everything that was written come out. */
  flush(push: Push): Promise<void> {
    return this.#run(push, (done) => {
      // zlib's own default forgets what repetitions are told by.
      if (this.#codec instanceof Gzip) this.#codec.flush(constants.Z_SYNC_FLUSH, done);
      else this.#codec.flush(done);
    });
  }

  end(piece: Buffer, push: Push): Promise<void> {
    this.#isEnding = true;
    return this.#run(push, () => this.#codec.end(piece));
  }

  /** What is under way is not settled any more. */
  close(): void {
    this.#settle = null;
    this.#push = null;
    this.#codec.destroy();
  }

  #run(push: Push, start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#push = push;
      this.#settle = (error) => {
        this.#settle = null;
        this.#push = null;
        if (error === null) resolve();
        else reject(error);
      };
      start((error) => this.#settle?.(error ?? null));
    });
  }

  #give(piece: Buffer): void {
    try {
      this.#push?.(piece);
    } catch (error) {
      const settle = this.#settle;
      this.#codec.destroy();
      settle?.(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
