import type { BodyTransform } from '../../api.ts';

/** Passes a body on as it is and keeps a copy of it, up to `largest` bytes. Calls back once, at its end. */
export class BodyCopy implements BodyTransform {
  readonly #largest: number;
  readonly #done: (body: Uint8Array | 'tooLarge' | 'notWhole') => void;
  /** One for all pieces: a client may send each byte in a chunk of its own, and an object for each takes a hundred times as much. */
  #copy = Buffer.alloc(0);
  #bytes = 0;
  #isOver = false;

  constructor(largest: number, done: (body: Uint8Array | 'tooLarge' | 'notWhole') => void) {
    this.#largest = largest;
    this.#done = done;
  }

  data(piece: Uint8Array, push: (piece: Uint8Array) => void): void {
    push(piece);
    if (this.#isOver) return;
    const bytes = this.#bytes + piece.length;
    if (bytes > this.#largest) return this.#finish('tooLarge');
    if (bytes > this.#copy.length) this.#grow(bytes);
    this.#copy.set(piece, this.#bytes);
    this.#bytes = bytes;
  }

  #grow(bytes: number): void {
    const room = Math.min(this.#largest, Math.max(bytes, 2 * this.#copy.length));
    const grown = Buffer.allocUnsafeSlow(room);
    this.#copy.copy(grown, 0, 0, this.#bytes);
    this.#copy = grown;
  }

  end(): void {
    this.#finish(this.#copy.subarray(0, this.#bytes));
  }

  close(): void {
    this.#finish('notWhole');
  }

  #finish(body: Uint8Array | 'tooLarge' | 'notWhole'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#copy = Buffer.alloc(0);
    this.#done(body);
  }
}
