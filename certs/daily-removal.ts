import type { Storage } from './storage.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Takes out of a part of the storage what nobody needs any more: names that clients come up with would fill it. */
export class DailyRemoval {
  readonly #storage: Storage;
  readonly #now: () => number;
  readonly #prefix: string;
  readonly #isOver: (file: Buffer | null, now: number) => boolean;
  #nextAt = 0;

  /** @param isOver of what is stored below `prefix` */
  constructor(
    storage: Storage,
    now: () => number,
    prefix: string,
    isOver: (file: Buffer | null, now: number) => boolean,
  ) {
    this.#storage = storage;
    this.#now = now;
    this.#prefix = prefix;
    this.#isOver = isOver;
  }

  /** To be called whenever something is stored there: it does its work once a day. Throws what the storage throws. */
  async run(): Promise<void> {
    const now = this.#now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + DAY_MS;
    for (const key of await this.#storage.list(this.#prefix))
      if (this.#isOver(await this.#storage.load(key), now)) await this.#storage.delete(key);
  }
}
