import { messageBuffer } from '../shared/read-buffers.ts';

const SMALLEST_BLOCK = 256;
const LARGEST_BLOCK = 16 * 1024;

/**
 * Pieces of a body that wait for their taker, in order. They are gathered into blocks: a peer that sends a byte in each
 * frame must not make us keep an object for each of them.
 */
export class HeldPieces {
  #blocks: Buffer[] = [];
  /** How much of the last block is filled. */
  #filled = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of `piece`. */
  add(piece: Buffer): void {
    this.#bytes += piece.length;
    const last = this.#blocks.at(-1);
    let from = 0;
    if (last !== undefined && this.#filled < last.length) {
      from = piece.copy(last, this.#filled);
      this.#filled += from;
    }
    const left = piece.length - from;
    if (left === 0) return;
    const usual = last === undefined ? SMALLEST_BLOCK : Math.min(2 * last.length, LARGEST_BLOCK);
    const block = messageBuffer(Math.max(left, usual));
    this.#filled = piece.copy(block, 0, from);
    this.#blocks.push(block);
  }

  /** The first ones, or undefined when there are none. */
  take(): Buffer | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    const taken = this.#blocks.length === 0 ? block.subarray(0, this.#filled) : block;
    this.#bytes -= taken.length;
    return taken;
  }

  takeAll(): Buffer[] {
    const taken: Buffer[] = [];
    for (let piece = this.take(); piece !== undefined; piece = this.take()) taken.push(piece);
    return taken;
  }

  /** Drops all. */
  clear(): void {
    this.#blocks = [];
    this.#bytes = 0;
  }
}
