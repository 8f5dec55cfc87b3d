/** So many events in any stretch of time as long as this. */
export class RateWindow {
  readonly #most: number;
  readonly #lengthMs: number;
  /** The oldest first. */
  #times: number[] = [];

  constructor(most: number, lengthMs: number) {
    this.#most = most;
    this.#lengthMs = lengthMs;
  }

  /** @returns whether there was room for one */
  take(now: number): boolean {
    const first = this.#times.findIndex((time) => time > now - this.#lengthMs && time <= now);
    this.#times = first === -1 ? [] : this.#times.slice(first);
    if (this.#times.length >= this.#most) return false;
    this.#times.push(now);
    return true;
  }
}
