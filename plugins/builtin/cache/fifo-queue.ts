/** What stands in a queue: it knows its neighbours, so that it can leave from anywhere at once. */
export interface Queued {
  before: this | null;
  behind: this | null;
}

/** First in, first out. */
export class FifoQueue<Item extends Queued & { readonly bytes: number }> {
  #first: Item | null = null;
  #last: Item | null = null;
  /** Of all that stand in it. */
  bytes = 0;
  size = 0;

  get first(): Item | null {
    return this.#first;
  }

  push(item: Item): void {
    item.before = this.#last;
    item.behind = null;
    if (this.#last === null) this.#first = item;
    else this.#last.behind = item;
    this.#last = item;
    this.bytes += item.bytes;
    this.size += 1;
  }

  remove(item: Item): void {
    if (item.before === null) this.#first = item.behind;
    else item.before.behind = item.behind;
    if (item.behind === null) this.#last = item.before;
    else item.behind.before = item.before;
    item.before = null;
    item.behind = null;
    this.bytes -= item.bytes;
    this.size -= 1;
  }
}
