/** What the answer that let a request pass says of it. */
export interface Pass {
  /** Of the fields to copy, those that it has. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly cookies: readonly string[];
}

/** Passes that are good for a while, so many of them: the oldest goes first. */
export class Passes {
  readonly #time: number;
  readonly #most: number;
  readonly #byKey = new Map<string, { readonly pass: Pass; readonly until: number }>();

  constructor(time: number, most: number) {
    this.#time = time;
    this.#most = most;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Pass | null {
    const found = this.#byKey.get(key);
    if (found === undefined) return null;
    if (performance.now() < found.until) return found.pass;
    this.#byKey.delete(key);
    return null;
  }

  add(key: string, pass: Pass): void {
    this.#byKey.delete(key);
    this.#byKey.set(key, { pass, until: performance.now() + this.#time });
    if (this.#byKey.size <= this.#most) return;
    for (const oldest of this.#byKey.keys()) {
      this.#byKey.delete(oldest);
      break;
    }
  }
}
