import type { BodyStream } from '../../../api.ts';
import type { ByteSpan } from '../stored-answer.ts';
import type { DiskQueue } from './disk-queue.ts';
import { blockIndexOf, type EntryFile } from './entry-file.ts';
import { BLOCK_BYTES } from './entry-format.ts';

/** A part of the body of an entry, read as it is asked for, and each block looked at before it is given. */
export class EntryBody implements BodyStream, AsyncIterator<Uint8Array, undefined> {
  readonly #file: EntryFile;
  readonly #queue: DiskQueue;
  readonly #end: number;
  readonly #closed: (body: EntryBody) => void;
  #at: number;
  /** The block that was read last, or none. */
  #block: { readonly index: number; readonly content: Buffer } | null = null;
  #isClosed = false;

  /** Closes the file at the end, or when nobody wants it any more; says so to `closed`. */
  constructor(file: EntryFile, span: ByteSpan, queue: DiskQueue, closed: (body: EntryBody) => void) {
    this.#file = file;
    this.#queue = queue;
    this.#closed = closed;
    this.#at = span.start;
    this.#end = span.end;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this;
  }

  /** Reads the first block. False: it is not what was written. */
  async begin(): Promise<boolean> {
    if (this.#at < this.#end) await this.#load();
    if (this.#block === null && this.#at < this.#end) return false;
    // It needs the file no more.
    if (this.#at >= this.#end || blockIndexOf(this.#end - 1) === this.#block?.index) await this.#close();
    return true;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#at >= this.#end) return this.return();
    const index = blockIndexOf(this.#at);
    if (this.#block?.index !== index) {
      if (this.#isClosed) return this.return();
      await this.#queue.run(() => this.#load());
    }
    if (this.#block?.index !== index) {
      await this.return();
      throw new Error('a file of the cache is not what was written: the answer is cut off');
    }
    const blockStart = index * BLOCK_BYTES;
    const piece = this.#block.content.subarray(this.#at - blockStart, this.#end - blockStart);
    this.#at += piece.length;
    return { done: false, value: piece };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#at = this.#end;
    this.#block = null;
    await this.#close();
    return { done: true, value: undefined };
  }

  async #load(): Promise<void> {
    const index = blockIndexOf(this.#at);
    const content = await this.#file.block(index);
    this.#block = content === null ? null : { index, content };
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed(this);
    // Waits for a read that is under way. What was read is read, whatever becomes of closing it.
    await this.#file.close().catch(() => {});
  }
}
