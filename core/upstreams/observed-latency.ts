/** How long a latency counts: after this, what is new has about two thirds of the weight. */
const MEMORY_MS = 10_000;
/** The same for what is compared with it to see a trend. */
const RECENT_MS = 1000;
/** An attempt that failed counts as an answer after this, for a backend that fails fast must not pass for a fast one. */
const FAILURE_MS = 1000;
const DECAY_STEP_MS = 50;
/** A trend moves nothing by more than this factor. */
const MAX_TREND = 4;

/**
 * The recent latencies of a backend, as moving averages whose weights fall with time (not with the number of
 * answers). Without new answers they fall towards 0: a backend that was slow once gets another chance.
 * Times are of one clock, in ms.
 */
export class ObservedLatency {
  #peak = 0;
  #mean = 0;
  #recent = 0;
  #lastMs = 0;
  #errors = 0;
  /** As of `#decayMs`. */
  #decayed = 1;
  #trend = 1;
  #decayMs = Number.NEGATIVE_INFINITY;

  record(ms: number, nowMs: number): void {
    const elapsed = Math.max(0, nowMs - this.#lastMs);
    const kept = Math.exp(-elapsed / MEMORY_MS);
    this.#peak = Math.max(ms, this.#peak * kept + ms * (1 - kept));
    if (this.#lastMs === 0) {
      this.#mean = ms;
      this.#recent = ms;
    } else {
      this.#mean = this.#mean * kept + ms * (1 - kept);
      const keptRecent = Math.exp(-elapsed / RECENT_MS);
      this.#recent = this.#recent * keptRecent + ms * (1 - keptRecent);
    }
    this.#lastMs = nowMs;
    this.#decayMs = Number.NEGATIVE_INFINITY;
  }

  /** An error answer, which is often faster than a good one: it never makes the backend look better than it was. */
  recordError(ms: number, nowMs: number): void {
    this.record(Math.max(ms, this.peak(nowMs)), nowMs);
  }

  /** Takes note of how often the backend has failed so far. */
  countErrors(errors: number, nowMs: number): void {
    if (errors === this.#errors) return;
    this.#errors = errors;
    this.#peak = Math.max(this.#peak, FAILURE_MS);
    this.#mean = Math.max(this.#mean, FAILURE_MS);
    this.#recent = Math.max(this.#recent, FAILURE_MS);
    this.#lastMs = nowMs;
    this.#decayMs = Number.NEGATIVE_INFINITY;
  }

  /** A slow answer raises it at once, fast ones lower it slowly (peak EWMA). 0: nothing is known. */
  peak(nowMs: number): number {
    return this.#peak * this.#decay(nowMs);
  }

  /** 0: nothing is known. */
  mean(nowMs: number): number {
    return this.#mean * this.#decay(nowMs);
  }

  /** The last second against the last ten: above 1 while the backend gets slower, below while it recovers. */
  trend(nowMs: number): number {
    this.#decay(nowMs);
    return this.#trend;
  }

  #trendAt(nowMs: number): number {
    if (this.#mean === 0) return 1;
    const now = Math.exp(-Math.max(0, nowMs - this.#lastMs) / RECENT_MS);
    const trend = 1 + (this.#recent / this.#mean - 1) * now;
    return Math.min(MAX_TREND, Math.max(1 / MAX_TREND, trend));
  }

  /** Reckoned anew twenty times a second at most: schedulers ask for every backend at every pick. */
  #decay(nowMs: number): number {
    if (Math.abs(nowMs - this.#decayMs) < DECAY_STEP_MS) return this.#decayed;
    this.#decayMs = nowMs;
    this.#decayed = Math.exp(-Math.max(0, nowMs - this.#lastMs) / MEMORY_MS);
    this.#trend = this.#trendAt(nowMs);
    return this.#decayed;
  }
}
