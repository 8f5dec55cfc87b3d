/** What can be in one list at a time. */
export interface Linked<E> {
  previous: E | null;
  next: E | null;
}

/** A list of which anything is taken out, and to which is added at its end, without a search and without anything to be cleaned up. */
export class LinkedList<E extends Linked<E>> {
  #first: E | null = null;
  #last: E | null = null;
  #size = 0;

  get first(): E | null {
    return this.#first;
  }

  get size(): number {
    return this.#size;
  }

  push(item: E): void {
    item.previous = this.#last;
    item.next = null;
    if (this.#last === null) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#size += 1;
  }

  /** `item`: is in this list. */
  remove(item: E): void {
    const { previous, next } = item;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    item.previous = null;
    item.next = null;
    this.#size -= 1;
  }

  /** From the first one on. The one that was yielded last may be removed. */
  *entries(): IterableIterator<E> {
    for (let item = this.#first; item !== null;) {
      const { next }: E = item;
      yield item;
      item = next;
    }
  }
}
