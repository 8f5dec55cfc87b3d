/** Lets `perSecond` things a second through (and as many at once), and counts the others. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number;
  #dropped = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#atMs = performance.now();
  }

  take(): boolean {
    const nowMs = performance.now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond);
    this.#atMs = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens--;
      return true;
    }
    this.#dropped++;
    return false;
  }

  /** How many were not let through since this was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
