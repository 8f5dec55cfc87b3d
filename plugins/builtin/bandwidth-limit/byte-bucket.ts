/** How often those who wait are looked at. A bucket holds what comes in two such times at least, or the rate would not be reached. */
export const TICK_MS = 20;

/** Less than this leaves on its own only where it is all there is: a packet's worth, not single bytes. */
export const QUANTUM = 1024;

/** Bytes that may pass: so many more each second, up to a burst. */
export class ByteBucket {
  readonly #bytesPerMs: number;
  readonly #capacity: number;
  #level: number;
  #at: number;

  /** Begins full. */
  constructor(bytesPerSecond: number, burst: number, now: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#capacity = Math.max(burst, this.#bytesPerMs * 2 * TICK_MS);
    this.#level = this.#capacity;
    this.#at = now;
  }

  /** @param share the part of the rate and of the burst that is this worker's. */
  available(now: number, share = 1): number {
    const capacity = Math.max(QUANTUM, this.#capacity * share);
    this.#level = Math.min(capacity, this.#level + (now - this.#at) * this.#bytesPerMs * share);
    this.#at = now;
    return Math.floor(this.#level);
  }

  take(bytes: number): void {
    this.#level -= bytes;
  }
}
