/** What is to be done when: the next one first, each after some log(n) comparisons. */
export class DueQueue<Item> {
  readonly #heap: { readonly atMs: number; readonly item: Item }[] = [];

  /** When the next one is due; null: there is none. */
  get nextMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Forgets the others. */
  keepOnly(isWanted: (item: Item) => boolean): void {
    for (const { item, atMs } of this.#heap.splice(0)) if (isWanted(item)) this.add(item, atMs);
  }

  add(item: Item, atMs: number): void {
    const heap = this.#heap;
    const entry = { atMs, item };
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || parent.atMs <= atMs) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  /** Takes out the next one if it is due by then. */
  takeDue(nowMs: number): Item | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first.item;
  }

  /** Puts an entry in the first one's place, and from there where it belongs. */
  #sink(entry: { readonly atMs: number; readonly item: Item }): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      const other = heap[childIndex + 1];
      if (child !== undefined && other !== undefined && other.atMs < child.atMs) {
        childIndex += 1;
        child = other;
      }
      if (child === undefined || child.atMs >= entry.atMs) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = entry;
  }
}
