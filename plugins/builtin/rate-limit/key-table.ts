import type { Counter } from './counter.ts';

/** What each key has used, of a bounded number of keys: above it, the one that was not asked for the longest is forgotten. */
export class KeyTable {
  readonly #most: number;
  readonly #create: () => readonly Counter[];
  // A Map keeps the order in which keys were set: the first one is the oldest.
  readonly #keys = new Map<string, readonly Counter[]>();
  /** How many were forgotten that still had something used. */
  forgotten = 0;

  constructor(most: number, create: () => readonly Counter[]) {
    this.#most = most;
    this.#create = create;
  }

  get size(): number {
    return this.#keys.size;
  }

  get(key: string, now: number): readonly Counter[] {
    const known = this.#keys.get(key);
    if (known !== undefined) this.#keys.delete(key);
    const counters = known ?? this.#create();
    this.#keys.set(key, counters);
    if (this.#keys.size > this.#most) this.#forgetOldest(now);
    return counters;
  }

  /** The keys that have something used, those asked for last first. */
  *used(now: number, most: number): Generator<readonly [key: string, counters: readonly Counter[]]> {
    const newest = [...this.#keys].slice(-most).reverse();
    for (const entry of newest) {
      if (entry[1].some((counter) => counter.usedForMs(now) > 0)) yield entry;
    }
  }

  #forgetOldest(now: number): void {
    for (const [key, counters] of this.#keys) {
      if (counters.some((counter) => counter.usedForMs(now) > 0)) this.forgotten += 1;
      this.#keys.delete(key);
      return;
    }
  }
}
