/** What a peer can send for next to nothing that costs us more. */
export type FloodKind = 'resets' | 'pings' | 'settings' | 'emptyFrames';

/** How many of each kind in a second end the connection. */
export type FloodLimits = Readonly<Record<FloodKind, number>>;

interface Count {
  second: number;
  now: number;
  before: number;
}

/** Counts each kind over a sliding second: this one's count, and of the one before the share that still lies within. */
export class FloodGuard {
  readonly #counts = new Map<FloodKind, Count>();

  /**
   * @param nowMs on any clock that only goes forward
   * @returns whether there were more than `limit` of them
   */
  exceeds(kind: FloodKind, limit: number, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    let count = this.#counts.get(kind);
    if (count === undefined) {
      count = { second, now: 0, before: 0 };
      this.#counts.set(kind, count);
    }
    if (count.second !== second) {
      count.before = count.second === second - 1 ? count.now : 0;
      count.now = 0;
      count.second = second;
    }
    count.now += 1;
    return count.now + count.before * (1 - (nowMs / 1000 - second)) > limit;
  }
}
