import { isSelected, isWholeUrl, urlOfKey } from './selected.ts';
import { shortKey } from './short-key.ts';
import type { Selection, StoredHead } from './stored-answer.ts';

/** So many are known one by one. */
const MOST_KEYS = 10_000;
const MOST_OTHERS = 256;

/** What was purged lately: an answer that was asked for before a purge of it is not to be kept after it. */
export class PurgeLog {
  /** How many there were; each one's number is its time. */
  #count = 0;
  readonly #keys = new Map<string, number>();
  readonly #others: { readonly number: number; readonly selection: Selection }[] = [];
  /** The last one that is no longer known. */
  #forgotten = 0;

  /** A mark in time, for `hasSince`. */
  get mark(): number {
    return this.#count;
  }

  add(selection: Selection): void {
    this.#count += 1;
    if ('key' in selection) this.#addKey(shortKey(selection.key));
    else if ('prefix' in selection && isWholeUrl(selection.prefix)) this.#addKey(shortKey(selection.prefix));
    else if (this.#others.push({ number: this.#count, selection }) > MOST_OTHERS)
      this.#forget(this.#others.shift()?.number ?? 0);
  }

  #addKey(key: string): void {
    this.#keys.delete(key);
    this.#keys.set(key, this.#count);
    if (this.#keys.size <= MOST_KEYS) return;
    for (const [oldest, number] of this.#keys) {
      this.#keys.delete(oldest);
      return this.#forget(number);
    }
  }

  #forget(number: number): void {
    this.#forgotten = Math.max(this.#forgotten, number);
  }

  /** Whether this was purged since that mark; where there were more than are known, it may have been. */
  hasSince(mark: number, head: StoredHead): boolean {
    if (mark === this.#count) return false;
    if (mark < this.#forgotten) return true;
    const { key } = head;
    if ([key, urlOfKey(key)].some((name) => (this.#keys.get(shortKey(name)) ?? 0) > mark)) return true;
    return this.#others.some(({ number, selection }) => number > mark && isSelected(head, selection));
  }
}
