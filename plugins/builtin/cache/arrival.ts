import type { AnswerStore } from './answer-store.ts';
import type { MemoryEntry } from './memory-entry.ts';
import type { StoredHead, TierWriter } from './stored-answer.ts';

/** An answer on its way into the store, piece by piece. It is there when it is whole, and not before. */
export class Arrival {
  readonly #store: AnswerStore;
  readonly #head: StoredHead;
  /** Of the purges, when it was asked for. */
  readonly #mark: number;
  /** null: it is too large for memory. */
  #pieces: Buffer[] | null;
  #reserved = 0;
  #writer: TierWriter | null;
  #bytes = 0;
  #isOver = false;

  /** `head.length`: what it will be as far as anybody knows, or -1. */
  constructor(store: AnswerStore, head: StoredHead, mark: number) {
    this.#store = store;
    this.#head = head;
    this.#mark = mark;
    this.#pieces = store.memory.fits(head.length) ? [] : null;
    this.#writer = head.length > store.largestBelow ? null : (store.lower?.writer(head) ?? null);
  }

  /** Whether anything is kept of it yet. */
  get isKept(): boolean {
    return this.#pieces !== null || this.#writer !== null;
  }

  /** A promise: no more until it is settled. */
  write(piece: Uint8Array): void | Promise<void> {
    if (this.#isOver) return undefined;
    this.#bytes += piece.length;
    this.#toMemory(piece);
    if (this.#bytes > this.#store.largestBelow) this.#letGoOfLower();
    return this.#writer?.write(piece);
  }

  #letGoOfLower(): void {
    this.#writer?.abandon();
    this.#writer = null;
  }

  #toMemory(piece: Uint8Array): void {
    if (this.#pieces === null) return;
    const { memory } = this.#store;
    if (memory.fits(this.#bytes) && memory.reserve(piece.length)) {
      this.#reserved += piece.length;
      // The piece is written over.
      this.#pieces.push(Buffer.from(piece));
    } else this.#letGoOfMemory();
  }

  #letGoOfMemory(): void {
    this.#store.memory.release(this.#reserved);
    this.#reserved = 0;
    this.#pieces = null;
  }

  /** It is whole. @returns whether it is kept; a promise where that takes time */
  finish(): boolean | Promise<boolean> {
    if (this.#isOver) return false;
    const head = { ...this.#head, length: this.#bytes };
    if (!this.isKept || this.#store.purges.hasSince(this.#mark, head)) {
      this.abandon();
      return false;
    }
    this.#isOver = true;
    const entry = this.#intoMemory(head);
    const writer = this.#writer;
    return writer === null ? entry !== null : this.#intoLower(writer, head);
  }

  #intoMemory(head: StoredHead): MemoryEntry | null {
    const pieces = this.#pieces;
    this.#letGoOfMemory();
    const { memory } = this.#store;
    if (pieces !== null) return memory.add(head, oneBuffer(pieces, this.#bytes));
    // What memory still holds is older.
    memory.removeVariant(head);
    return null;
  }

  async #intoLower(writer: TierWriter, head: StoredHead): Promise<boolean> {
    await writer.finish();
    // Of a purge that came while it was written the file knows nothing.
    if (this.#store.purges.hasSince(this.#mark, head)) await this.#store.lower?.remove({ key: head.key });
    return true;
  }

  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#letGoOfMemory();
    this.#letGoOfLower();
  }
}

/** Not a part of Node's pool, which it would hold as long as it is kept. */
function oneBuffer(pieces: readonly Buffer[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const piece of pieces) at += piece.copy(whole, at);
  return whole;
}
