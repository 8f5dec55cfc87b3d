import type { BodyTransform } from '../../api.ts';

/** Passes a body on as it is and keeps a copy of it, up to `largest` bytes. Calls back once, at its end. */
export class BodyCopy implements BodyTransform {
  readonly #largest: number;
  readonly #done: (body: Uint8Array | 'tooLarge' | 'notWhole') => void;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(largest: number, done: (body: Uint8Array | 'tooLarge' | 'notWhole') => void) {
    this.#largest = largest;
    this.#done = done;
  }

  data(piece: Uint8Array, push: (piece: Uint8Array) => void): void {
    push(piece);
    if (this.#isOver) return;
    this.#bytes += piece.length;
    if (this.#bytes > this.#largest) this.#finish('tooLarge');
    else this.#pieces.push(Buffer.from(piece));
  }

  end(): void {
    this.#finish(Buffer.concat(this.#pieces));
  }

  close(): void {
    this.#finish('notWhole');
  }

  #finish(body: Uint8Array | 'tooLarge' | 'notWhole'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pieces = [];
    this.#done(body);
  }
}
