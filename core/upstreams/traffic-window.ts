const MINUTE_MS = 60_000;
const MINUTES = 60;

/** Who chose the backend of a request: the scheduler, the client's session, or what is none of both: a rule, or a retry. */
export const PICKED_BY = ['scheduler', 'session', 'other'] as const;
export type PickedBy = (typeof PICKED_BY)[number];

export type Traffic = Readonly<Record<PickedBy, number>>;

/** Requests of the last hour, by the minute and by who chose the backend. */
export class TrafficWindow {
  /** A row for each minute of an hour: which minute it is of, then the counts in the order of PICKED_BY. Made with the first request. */
  #rows: Float64Array | null = null;

  /** `nowMs`: as performance.now(), here and below. */
  count(pickedBy: PickedBy, nowMs: number): void {
    this.#rows ??= new Float64Array(MINUTES * WIDTH).fill(Number.NaN);
    const minute = Math.floor(nowMs / MINUTE_MS);
    const at = (minute % MINUTES) * WIDTH;
    if (this.#rows[at] !== minute) this.#rows.fill(0, at, at + WIDTH);
    this.#rows[at] = minute;
    const column = at + 1 + PICKED_BY.indexOf(pickedBy);
    this.#rows[column] = (this.#rows[column] ?? 0) + 1;
  }

  /** The minute that runs, and so many before it that they cover `windowMs`; an hour at the most. */
  sum(windowMs: number, nowMs: number): Traffic {
    const sums = { scheduler: 0, session: 0, other: 0 };
    const rows = this.#rows ?? [];
    const now = Math.floor(nowMs / MINUTE_MS);
    const first = now - Math.min(MINUTES - 1, Math.ceil(windowMs / MINUTE_MS));
    for (let at = 0; at < rows.length; at += WIDTH) {
      const minute = rows[at] ?? Number.NaN;
      if (!(minute >= first && minute <= now)) continue;
      for (const [i, pickedBy] of PICKED_BY.entries()) sums[pickedBy] += rows[at + 1 + i] ?? 0;
    }
    return sums;
  }
}

const WIDTH = 1 + PICKED_BY.length;
