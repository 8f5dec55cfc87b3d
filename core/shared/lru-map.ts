/** A map that forgets what was not asked for the longest, once it holds more than `capacity`. */
export class LruMap<K, V> {
  readonly #capacity: number;
  // A Map keeps the order in which keys were set: the first one is the oldest.
  readonly #items = new Map<K, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: K): V | undefined {
    const value = this.#items.get(key);
    if (value === undefined) return undefined;
    this.#items.delete(key);
    this.#items.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#items.delete(key);
    this.#items.set(key, value);
    if (this.#items.size <= this.#capacity) return;
    for (const oldest of this.#items.keys()) {
      this.#items.delete(oldest);
      break;
    }
  }

  clear(): void {
    this.#items.clear();
  }
}
