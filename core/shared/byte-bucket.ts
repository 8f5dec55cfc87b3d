/** So long of a rate may pass at once after a rest: several looks at who waits, or the rate would not be reached where they are late. */
const BURST_MS = 100;

/** A rate below it still lets a packet pass. */
export const LEAST_BYTES = 1500;

/** Bytes that may pass: so many more with time. */
export class ByteBucket {
  /** Below 0: what passed beyond, and has to be made up for. */
  bytes: number;
  /** So many at most. */
  capacity: number;
  #atMs = performance.now();

  /** Begins full. */
  constructor(perSecond: number) {
    this.capacity = capacityOf(perSecond);
    this.bytes = this.capacity;
  }

  /** To be called before `bytes` is read. `nowMs`: on the clock of performance.now(). */
  refill(perSecond: number, nowMs: number): void {
    const more = ((nowMs - this.#atMs) * perSecond) / 1000;
    this.capacity = capacityOf(perSecond);
    this.bytes = Math.min(this.capacity, this.bytes + more);
    this.#atMs = nowMs;
  }
}

function capacityOf(perSecond: number): number {
  return Math.max(LEAST_BYTES, (perSecond * BURST_MS) / 1000);
}
