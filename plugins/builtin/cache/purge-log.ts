import { isSelected } from './selected.ts';
import type { Selection, StoredHead } from './stored-answer.ts';

/** So many purges are known one by one. */
const MOST = 256;

/** What was purged lately: an answer that was asked for before a purge of it is not to be kept after it. */
export class PurgeLog {
  #last: Selection[] = [];
  /** How many there were. */
  #count = 0;

  /** A mark in time, for `hasSince`. */
  get mark(): number {
    return this.#count;
  }

  add(selection: Selection): void {
    this.#count += 1;
    this.#last.push(selection);
    if (this.#last.length > MOST) this.#last.shift();
  }

  /** Whether this was purged since that mark; where there were more than are known, it may have been. */
  hasSince(mark: number, head: StoredHead): boolean {
    const since = this.#count - mark;
    if (since > this.#last.length) return true;
    return since > 0 && this.#last.slice(-since).some((selection) => isSelected(head, selection));
  }
}
