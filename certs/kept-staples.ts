import { z } from 'zod';
import { DailyRemoval } from './daily-removal.ts';
import { readStaple, type OcspSource, type Staple } from './ocsp.ts';
import { readJson } from './read-json.ts';
import type { Storage } from './storage.ts';

const keptSchema = z.object({ response: z.base64(), nextUpdate: z.iso.datetime() });
type Kept = z.output<typeof keptSchema>;

/** Staples in a storage, for other processes and later runs: `ocsp/FINGERPRINT.json`. All methods throw what the storage throws. */
export class KeptStaples {
  readonly #storage: Storage;
  readonly #now: () => number;
  readonly #removal: DailyRemoval;

  constructor(storage: Storage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
    this.#removal = new DailyRemoval(storage, now, 'ocsp', (file, at) => {
      const kept = readJson(keptSchema, file);
      return kept === null || Date.parse(kept.nextUpdate) <= at;
    });
  }

  /** null: there is none that is good now. */
  async load(source: OcspSource): Promise<Staple | null> {
    const kept = readJson(keptSchema, await this.#storage.load(keyOf(source)));
    if (kept === null) return null;
    try {
      const result = readStaple(Buffer.from(kept.response, 'base64'), source, this.#now());
      return 'staple' in result ? result.staple : null;
    } catch {
      // Out of date, or spoilt: the responder has a better one.
      return null;
    }
  }

  async save(source: OcspSource, { response, nextUpdate }: Staple): Promise<void> {
    const kept: Kept = { response: response.toString('base64'), nextUpdate: nextUpdate.toISOString() };
    await this.#storage.store(keyOf(source), `${JSON.stringify(kept)}\n`);
    await this.#removal.run();
  }
}

function keyOf({ fingerprint }: OcspSource): string {
  return `ocsp/${fingerprint}.json`;
}
