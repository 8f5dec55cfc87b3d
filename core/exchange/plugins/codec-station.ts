import { constants } from 'node:zlib';
import { copyOf } from '../../shared/read-buffers.ts';
import { createDecoder, createEncoder, type Codec, type Coding } from './codings.ts';
import type { BodyStation, Surroundings } from './body-sink.ts';
import { CodingError } from './coding-error.ts';

/** What decoded content may grow to whatever it came from. */
const MAX_FREE_BYTES = 10 * 1024 * 1024;
/** Beyond that: so many bytes for each that came. A few MiB that unpack to many GiB are a bomb. */
const MAX_BLOW_UP = 200;

/** Undoes a content coding, or does it again. zlib works in threads of its own, and waits where the next station is full. */
export class CodecStation implements BodyStation {
  readonly #coding: Coding;
  readonly #decodes: boolean;
  readonly #around: Surroundings;
  /** null: nothing has come yet. */
  #codec: Codec | null = null;
  #bytesIn = 0;
  #bytesOut = 0;
  /** Whether anything has come since it was flushed last. */
  #isDirty = false;
  #owesWritable = false;
  #closed = false;

  constructor(coding: Coding, decodes: boolean, around: Surroundings) {
    this.#coding = coding;
    this.#decodes = decodes;
    this.#around = around;
  }

  write(piece: Buffer): boolean {
    if (this.#closed) return true;
    const codec = (this.#codec ??= this.#open(piece[0] ?? 0));
    this.#bytesIn += piece.length;
    this.#isDirty = true;
    if (codec.write(copyOf(piece))) return true;
    this.#owesWritable = true;
    return false;
  }

  #open(first: number): Codec {
    const codec = this.#decodes ? createDecoder(this.#coding, first) : createEncoder(this.#coding);
    codec.on('data', (piece: Buffer) => this.#give(codec, piece));
    codec.on('drain', () => this.#guarded(() => this.#onDrain()));
    codec.on('end', () => this.#guarded(() => this.#onEnd()));
    codec.on('error', (error: Error) => {
      if (!this.#closed) this.#around.onFailed(this.#decodes ? this.#corrupt(error) : error);
    });
    return codec;
  }

  #corrupt(error: Error): CodingError {
    return new CodingError('corrupt', `the content is no ${this.#coding}: ${error.message}`, error);
  }

  #give(codec: Codec, piece: Buffer): void {
    if (this.#closed) return;
    this.#bytesOut += piece.length;
    if (this.#decodes && this.#bytesOut > MAX_FREE_BYTES && this.#bytesOut > MAX_BLOW_UP * this.#bytesIn) {
      const message = `${this.#bytesIn} bytes of ${this.#coding} unpack to too many`;
      this.#around.onFailed(new CodingError('bomb', message));
      return;
    }
    this.#guarded(() => {
      if (!this.#around.next.write(piece)) codec.pause();
    });
  }

  #onDrain(): void {
    if (!this.#owesWritable) return;
    this.#owesWritable = false;
    this.#around.onWritable();
  }

  flush(): void {
    const codec = this.#codec;
    if (codec === null || !this.#isDirty || this.#closed) return;
    this.#isDirty = false;
    // What it gives out comes before the callback, but for what the stream itself still holds.
    const done = (): void => void setImmediate(() => this.#guarded(() => this.#around.next.flush()));
    // Of zlib's own the default is a full flush, which forgets what repetitions are told by.
    if (this.#coding === 'gzip' || this.#coding === 'deflate') codec.flush(constants.Z_SYNC_FLUSH, done);
    else codec.flush(done);
  }

  end(): void {
    if (this.#closed) return;
    // Of nothing comes nothing: but an encoder has something to say of it.
    if (this.#codec === null && this.#decodes) return this.#onEnd();
    this.#codec ??= this.#open(0);
    this.#codec.end();
  }

  #onEnd(): void {
    this.close();
    this.#around.next.end();
  }

  resume(): void {
    this.#codec?.resume();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#codec?.destroy();
  }

  /** What the other stations throw is no error of zlib's events. */
  #guarded(run: () => void): void {
    if (this.#closed) return;
    try {
      run();
    } catch (error) {
      this.#around.onFailed(error);
    }
  }
}
