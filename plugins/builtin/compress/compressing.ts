import type { BodyTransform } from '../../api.ts';
import { CodecLine } from './codec-line.ts';
import type { Codec } from './codecs.ts';

type Push = (piece: Uint8Array) => void;

/** Pieces below it wait for more: each turn of the codec is a way to another thread and back. */
const BATCH_BYTES = 32 * 1024;

/** Where nobody counts. */
export interface Sums {
  bytesIn: number;
  bytesOut: number;
}

/** Packs a body. */
export class Compressing implements BodyTransform {
  readonly #open: () => Codec;
  readonly #flushes: boolean;
  readonly #sums: Sums;
  /** null: nothing was packed yet. */
  #line: CodecLine | null = null;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Whether the codec may hold what was not flushed. */
  #isDirty = false;

  /** `flushes`: where the sender pauses everything leaves. */
  constructor(open: () => Codec, flushes: boolean, sums: Sums) {
    this.#open = open;
    this.#flushes = flushes;
    this.#sums = sums;
  }

  data(piece: Uint8Array, push: Push): void | Promise<void> {
    this.#sums.bytesIn += piece.length;
    this.#held.push(Buffer.from(piece));
    this.#heldBytes += piece.length;
    if (this.#heldBytes >= BATCH_BYTES) return this.#write(push);
  }

  flush(push: Push): void | Promise<void> {
    if (this.#flushes && (this.#isDirty || this.#heldBytes > 0)) return this.#flushAll(push);
  }

  end(push: Push): Promise<void> {
    return this.#opened().end(this.#takeHeld(), this.#counted(push));
  }

  close(): void {
    this.#held = [];
    this.#line?.close();
  }

  async #flushAll(push: Push): Promise<void> {
    if (this.#heldBytes > 0) await this.#write(push);
    this.#isDirty = false;
    await this.#opened().flush(this.#counted(push));
  }

  #write(push: Push): Promise<void> {
    this.#isDirty = true;
    return this.#opened().write(this.#takeHeld(), this.#counted(push));
  }

  #takeHeld(): Buffer {
    const [only = Buffer.alloc(0), ...more] = this.#held;
    const all = more.length === 0 ? only : Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    return all;
  }

  #opened(): CodecLine {
    return (this.#line ??= new CodecLine(this.#open()));
  }

  #counted(push: Push): Push {
    return (piece) => {
      this.#sums.bytesOut += piece.length;
      push(piece);
    };
  }
}
