import { z } from 'zod';
import type { EntryPlace } from './certificate-store.ts';
import { DailyRemoval } from './daily-removal.ts';
import { readJson } from './read-json.ts';
import type { Storage } from './storage.ts';

/** No CA is left alone for longer than a week. */
const KEPT_MS = 8 * 24 * 60 * 60 * 1000;

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
  readonly #removal: DailyRemoval;

  constructor(storage: Storage, now: () => number) {
    this.#storage = storage;
    this.#removal = new DailyRemoval(storage, now, 'failures', (file, at) => {
      const note = readJson(noteSchema, file);
      return note === null || Date.parse(note.at) < at - KEPT_MS;
    });
  }

  /** null: there is none, or none that can be read. */
  async load(place: EntryPlace): Promise<FailureNote | null> {
    return readJson(noteSchema, await this.#storage.load(keyOf(place)));
  }

  async save(place: EntryPlace, note: FailureNote): Promise<void> {
    await this.#storage.store(keyOf(place), `${JSON.stringify(note, null, 2)}\n`);
    await this.#removal.run();
  }

  delete(place: EntryPlace): Promise<void> {
    return this.#storage.delete(keyOf(place));
  }
}

function keyOf({ name, keyType }: EntryPlace): string {
  return `failures/${name}/${keyType}.json`;
}
