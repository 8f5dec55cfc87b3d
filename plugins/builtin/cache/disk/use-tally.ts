import type { Counts } from './counts.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Which files go: those that were not used for longer than `bucket` says, and of those in it what there is no room for. */
export interface Cut {
  readonly bucket: number;
  /** What may stay of the bucket. */
  readonly spare: Counts;
}

/** When files were used, by the second for the last hour, by the minute for the last day, else by the hour. */
export class UseTally {
  readonly #now: number;
  readonly #buckets = new Map<number, { bytes: number; entries: number }>();

  constructor(now: number) {
    this.#now = now;
  }

  /** 0: just now. */
  bucketOf(usedAtMs: number): number {
    const age = Math.max(0, this.#now - usedAtMs);
    if (age < HOUR_MS) return Math.floor(age / SECOND_MS);
    if (age < DAY_MS) return HOUR_MS / SECOND_MS + Math.floor((age - HOUR_MS) / MINUTE_MS);
    return HOUR_MS / SECOND_MS + (DAY_MS - HOUR_MS) / MINUTE_MS + Math.floor((age - DAY_MS) / HOUR_MS);
  }

  add(usedAtMs: number, bytes: number): void {
    const bucket = this.bucketOf(usedAtMs);
    const sum = this.#buckets.get(bucket) ?? { bytes: 0, entries: 0 };
    sum.bytes += bytes;
    sum.entries += 1;
    this.#buckets.set(bucket, sum);
  }

  get total(): Counts {
    let bytes = 0;
    let entries = 0;
    for (const sum of this.#buckets.values()) {
      bytes += sum.bytes;
      entries += sum.entries;
    }
    return { bytes, entries };
  }

  /** For what was used last to stay within `most`; null: all of it does. */
  cut(most: Counts): Cut | null {
    let { bytes, entries } = most;
    for (const bucket of [...this.#buckets.keys()].toSorted((a, b) => a - b)) {
      const sum = this.#buckets.get(bucket) ?? { bytes: 0, entries: 0 };
      if (sum.bytes > bytes || sum.entries > entries) return { bucket, spare: { bytes, entries } };
      bytes -= sum.bytes;
      entries -= sum.entries;
    }
    return null;
  }
}
