import type { FileHandle } from 'node:fs/promises';
import type { BodyStream } from '../../api.ts';

const PIECE_BYTES = 64 * 1024;

/** A part of a file, read as it is sent; the file is closed at its end, or when nobody wants it any more, read or not. */
export class FileBody implements BodyStream, AsyncIterator<Uint8Array, undefined> {
  readonly #handle: FileHandle;
  readonly #signal: AbortSignal;
  readonly #leave = (): void => void this.return();
  #at: number;
  #left: number;
  #isClosed = false;

  constructor(handle: FileHandle, start: number, length: number, signal: AbortSignal) {
    this.#handle = handle;
    this.#at = start;
    this.#left = length;
    this.#signal = signal;
    // Who has gone meanwhile does not even ask for it.
    signal.addEventListener('abort', this.#leave, { once: true });
    if (signal.aborted) this.#leave();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#left === 0 || this.#isClosed) return this.return();
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, this.#left));
    const { bytesRead } = await this.#handle.read(piece, 0, piece.length, this.#at);
    if (bytesRead === 0) throw new Error('the file has become shorter while it was sent');
    this.#at += bytesRead;
    this.#left -= bytesRead;
    return { done: false, value: piece.subarray(0, bytesRead) };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#signal.removeEventListener('abort', this.#leave);
      // Waits for a read that is under way. What was read is read, whatever becomes of closing it.
      await this.#handle.close().catch(() => {});
    }
    return { done: true, value: undefined };
  }
}

/** For an answer to HEAD: has a length, and is not read. */
export const UNREAD: BodyStream = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};
