/**
 * Latencies in logarithmic buckets: from 0.05 ms to 100 s each bucket is 20 % wider than the one
 * before, so that a percentile read from it (the bucket's geometric middle) is off by less than 10 %.
 * The counts are a plain array, so that they cross IPC and add up over workers.
 */
const LOWEST_MS = 0.05;
const HIGHEST_MS = 100_000;
const GROWTH = 1.2;
const BUCKETS_PER_E = 1 / Math.log(GROWTH);

/** Bucket 0 holds everything up to 0.05 ms, the last one everything above 100 s. */
const BUCKETS = Math.ceil(Math.log(HIGHEST_MS / LOWEST_MS) * BUCKETS_PER_E) + 2;

export class LatencyHistogram {
  /** Always of the same length. Read only: `record` is the one writer. */
  readonly counts: number[] = new Array<number>(BUCKETS).fill(0);

  /** `ms`: a duration in milliseconds; anything below 0.05 (a clock that went backwards too) counts in the lowest bucket. */
  record(ms: number): void {
    let bucket = 0;
    if (ms > LOWEST_MS) {
      bucket = Math.min(1 + Math.floor(Math.log(ms / LOWEST_MS) * BUCKETS_PER_E), BUCKETS - 1);
    }
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }
}

/**
 * The latency in ms below which the fraction `q` (0 to 1) of the recorded ones lies; 0 where nothing was recorded.
 * `counts` are those of one histogram or a sum made by `addCounts`.
 */
export function percentile(counts: readonly number[], q: number): number {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return 0;
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = 0;
  for (const [bucket, count] of counts.entries()) {
    seen += count;
    if (seen >= rank) return middleOf(bucket);
  }
  return HIGHEST_MS;
}

/** The sum of two histograms' counts, as a new array. */
export function addCounts(a: readonly number[], b: readonly number[]): number[] {
  const sum: number[] = [];
  for (let bucket = 0; bucket < Math.max(a.length, b.length); bucket++) {
    sum.push((a[bucket] ?? 0) + (b[bucket] ?? 0));
  }
  return sum;
}

function middleOf(bucket: number): number {
  if (bucket === 0) return LOWEST_MS;
  if (bucket >= BUCKETS - 1) return HIGHEST_MS;
  return LOWEST_MS * GROWTH ** (bucket - 0.5);
}
