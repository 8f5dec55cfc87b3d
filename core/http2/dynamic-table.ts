/** What an entry counts besides its octets (RFC 7541 4.1). */
const OVERHEAD = 32;

/** The fields that an HPACK encoder and its decoder both remember (RFC 7541 2.3.2), the newest first. */
export class DynamicTable {
  #names: string[] = [];
  #values: string[] = [];
  /** Where the oldest one is in the lists: those before are evicted. */
  #first = 0;
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#names.length - this.#first;
  }

  /** How many entries were ever added: an entry's number is this when it was the newest. */
  get added(): number {
    return this.#added;
  }
  #added = 0;

  /** `index`: 0 is the newest. */
  name(index: number): string | undefined {
    return index < this.length ? this.#names[this.#names.length - 1 - index] : undefined;
  }

  value(index: number): string | undefined {
    return index < this.length ? this.#values[this.#values.length - 1 - index] : undefined;
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict();
  }

  /** An entry larger than the table empties it (RFC 7541 4.4). */
  add(name: string, value: string): void {
    this.#names.push(name);
    this.#values.push(value);
    this.#added += 1;
    this.#bytes += name.length + value.length + OVERHEAD;
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#maxBytes) {
      const first = this.#first++;
      this.#bytes -= (this.#names[first] ?? '').length + (this.#values[first] ?? '').length + OVERHEAD;
      // Its memory is free at once: the list itself may keep the place for a while.
      this.#names[first] = '';
      this.#values[first] = '';
    }
    // Now and then, so that adding stays cheap.
    if (this.#first > 64 && this.#first * 2 > this.#names.length) {
      this.#names = this.#names.slice(this.#first);
      this.#values = this.#values.slice(this.#first);
      this.#first = 0;
    }
  }
}
