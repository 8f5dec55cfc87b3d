import type { BodyFraming } from '../streams.ts';

/** Holds what comes out of transforms to the length that the head gives, if it gives one. */
export class BodyLength {
  /** How much is still to come; null: nobody knows. */
  #left: number | null;

  constructor(framing: BodyFraming) {
    this.#left = framing.kind === 'length' ? framing.bytes : null;
  }

  /** @returns what is wrong with so many bytes more */
  take(bytes: number): Error | null {
    if (this.#left === null) return null;
    this.#left -= bytes;
    return this.#left < 0 ? new Error('the body is longer than was said') : null;
  }

  /** @returns what is wrong with an end here */
  end(): Error | null {
    return this.#left !== null && this.#left > 0 ? new Error('the body is shorter than was said') : null;
  }
}
