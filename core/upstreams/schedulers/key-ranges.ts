import type { KeyRangeConfig } from '../../shared/config-types.ts';
import type { Backend } from '../backend.ts';
import { keyText } from './key-hash.ts';
import type { Scheduler } from './scheduler.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

const NUMBER = /^-?\d+(?:\.\d+)?$/;

/**
 * Ranges of keys, each with the backends that have them: for data that is divided by key. Within a range
 * its backends take turns by weight; where none of them takes requests there is none, since no other has the data.
 * A key that is in no range, or none at all, goes to all backends in turn.
 */
export class KeyRanges implements Scheduler {
  readonly #ranges: readonly Range[];
  readonly #isNumeric: boolean;
  readonly #elsewhere = new WeightedRoundRobin();
  #candidates: readonly Backend[] = [];

  /** `ranges` do not overlap, and their bounds are all numbers or all texts. */
  constructor(ranges: readonly KeyRangeConfig[]) {
    this.#isNumeric = ranges.some(({ from, to }) => typeof (from ?? to) === 'number');
    this.#ranges = ranges
      .map((range) => ({ ...range, scheduler: new WeightedRoundRobin(), candidates: [] }))
      .sort((a, b) => (isBelow(a.from, b.from) ? -1 : 1));
  }

  takeOver(before: Scheduler): void {
    if (before instanceof KeyRanges) this.#elsewhere.takeOver(before.#elsewhere);
  }

  pick(
    candidates: readonly Backend[],
    key?: Uint8Array | string,
    tried?: readonly Backend[],
  ): Backend | undefined {
    const range = key === undefined ? undefined : this.#rangeOf(keyText(key, false));
    if (range === undefined) return this.#elsewhere.pick(candidates, key, tried);
    if (candidates !== this.#candidates) {
      this.#candidates = candidates;
      const byRow = Map.groupBy(candidates, ({ rowText }) => rowText);
      for (const each of this.#ranges) each.candidates = each.backends.flatMap((row) => byRow.get(row) ?? []);
    }
    return range.scheduler.pick(range.candidates, key, tried);
  }

  #rangeOf(text: string): Range | undefined {
    if (this.#isNumeric && !NUMBER.test(text)) return undefined;
    const key = this.#isNumeric ? Number(text) : text;
    let low = 0;
    let high = this.#ranges.length;
    // The last range that does not begin behind the key
    while (low < high) {
      const middle = (low + high) >>> 1;
      const from = this.#ranges[middle]?.from ?? null;
      if (from === null || from <= key) low = middle + 1;
      else high = middle;
    }
    const range = this.#ranges[low - 1];
    return range !== undefined && (range.to === null || key < range.to) ? range : undefined;
  }
}

interface Range extends KeyRangeConfig {
  readonly scheduler: WeightedRoundRobin;
  candidates: readonly Backend[];
}

/** null: below everything. */
function isBelow(a: number | string | null, b: number | string | null): boolean {
  return b !== null && (a === null || a < b);
}
