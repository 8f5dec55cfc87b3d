/** So many requests in so long, for each key. */
export interface Limit {
  /** Of the policy, in RateLimit fields. */
  readonly name: string;
  readonly requests: number;
  readonly perMs: number;
  /** How many may come at once after a rest (token bucket). */
  readonly burst: number;
}

/** What one key has used of one limit. All times are of one clock, in milliseconds. */
export interface Counter {
  /** How many are left; below 0 where several workers have given more than there was, which is then paid off. */
  left(now: number): number;
  /** Takes one whether or not it is left, or what another worker has given. */
  take(now: number, count: number): void;
  /** Until one is left; 0: now. */
  waitMs(now: number): number;
  /** Until it is as if never used; 0: it is. */
  usedForMs(now: number): number;
  /** Its state, for another worker's counter of the same key, which is at least as used afterwards. */
  save(): readonly number[];
  merge(state: readonly number[]): void;
}
