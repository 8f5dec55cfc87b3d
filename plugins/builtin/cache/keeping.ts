import type { BodyTransform } from '../../api.ts';
import type { Arrival } from './arrival.ts';
import type { ByteSpan } from './stored-answer.ts';

type Push = (piece: Uint8Array) => void;

/** An answer passes to the client, or the part of it that is asked for, and all of it into the store. */
export class Keeping implements BodyTransform {
  /** null: it is not kept. */
  readonly #arrival: Arrival | null;
  /** null: the client gets all. */
  readonly #span: ByteSpan | null;
  readonly #done: (isKept: boolean, isWhole: boolean) => void;
  #at = 0;
  #isDone = false;

  /** `done`: called once, when it is known what has become of it. */
  constructor(
    arrival: Arrival | null,
    span: ByteSpan | null,
    done: (isKept: boolean, isWhole: boolean) => void,
  ) {
    this.#arrival = arrival;
    this.#span = span;
    this.#done = done;
  }

  data(piece: Uint8Array, push: Push): void | Promise<void> {
    const written = this.#arrival?.write(piece);
    this.#pass(piece, push);
    // Nobody is to wait for what comes to nothing.
    if (this.#arrival?.isKept === false) this.#finish(false, true);
    return written;
  }

  #pass(piece: Uint8Array, push: Push): void {
    const from = this.#at;
    this.#at += piece.length;
    if (this.#span === null) return push(piece);
    const start = Math.max(this.#span.start - from, 0);
    const end = Math.min(this.#span.end - from, piece.length);
    if (start < end) push(piece.subarray(start, end));
  }

  end(): void {
    const kept = this.#arrival?.finish() ?? false;
    if (typeof kept === 'boolean') this.#finish(kept, true);
    else {
      // The client need not wait for the disk.
      this.#isDone = true;
      void kept.then((isKept) => this.#done(isKept, true));
    }
  }

  close(): void {
    if (this.#isDone) return;
    this.#arrival?.abandon();
    this.#finish(false, false);
  }

  #finish(isKept: boolean, isWhole: boolean): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(isKept, isWhole);
  }
}
