import { z } from 'zod';
import type { EntryPlace } from './certificate-store.ts';
import type { Storage } from './storage.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** No CA is left alone for longer than a week. */
const KEPT_MS = 8 * DAY_MS;

const noteSchema = z.object({
  /** Tells apart what was tried: other terms need not fail as well. */
  terms: z.string(),
  /** In a row. */
  failures: z.int().min(1),
  message: z.string(),
  at: z.iso.datetime(),
  /** A process that starts later orders no sooner than this. */
  retryAt: z.iso.datetime(),
});
export type FailureNote = z.output<typeof noteSchema>;

/** What is kept of orders that failed: `failures/NAME/KEYTYPE.json`. To lose it costs nothing but an order that fails. */
export class FailureNotes {
  readonly #storage: Storage;
  readonly #now: () => number;
  #nextRemoval = 0;

  constructor(storage: Storage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  /** null: there is none, or none that can be read. */
  async load(place: EntryPlace): Promise<FailureNote | null> {
    return parse(await this.#storage.load(keyOf(place)));
  }

  async save(place: EntryPlace, note: FailureNote): Promise<void> {
    await this.#storage.store(keyOf(place), `${JSON.stringify(note, null, 2)}\n`);
    await this.#removeOld();
  }

  delete(place: EntryPlace): Promise<void> {
    return this.#storage.delete(keyOf(place));
  }

  /** Names that clients come up with fail once and are never asked for again. */
  async #removeOld(): Promise<void> {
    const now = this.#now();
    if (now < this.#nextRemoval) return;
    this.#nextRemoval = now + DAY_MS;
    for (const key of await this.#storage.list('failures')) {
      const note = parse(await this.#storage.load(key));
      if (note === null || Date.parse(note.at) < now - KEPT_MS) await this.#storage.delete(key);
    }
  }
}

function parse(file: Buffer | null): FailureNote | null {
  try {
    return file === null ? null : (noteSchema.safeParse(JSON.parse(file.toString())).data ?? null);
  } catch {
    return null;
  }
}

function keyOf({ name, keyType }: EntryPlace): string {
  return `failures/${name}/${keyType}.json`;
}
