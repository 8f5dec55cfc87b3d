import { z } from 'zod';
import { readStaple, type OcspSource, type Staple } from './ocsp.ts';
import type { Storage } from './storage.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const keptSchema = z.object({ response: z.base64(), nextUpdate: z.iso.datetime() });
type Kept = z.output<typeof keptSchema>;

/** Staples in a storage, for other processes and later runs: `ocsp/FINGERPRINT.json`. All methods throw what the storage throws. */
export class KeptStaples {
  readonly #storage: Storage;
  readonly #now: () => number;
  #nextRemoval = 0;

  constructor(storage: Storage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  /** null: there is none that is good now. */
  async load(source: OcspSource): Promise<Staple | null> {
    const kept = parse(await this.#storage.load(keyOf(source)));
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
    await this.#removeOutdated();
  }

  /** Certificates come and go; their staples leave within a day of being good no longer. */
  async #removeOutdated(): Promise<void> {
    const now = this.#now();
    if (now < this.#nextRemoval) return;
    this.#nextRemoval = now + DAY_MS;
    for (const key of await this.#storage.list('ocsp')) {
      const kept = parse(await this.#storage.load(key));
      if (kept === null || Date.parse(kept.nextUpdate) <= now) await this.#storage.delete(key);
    }
  }
}

function parse(file: Buffer | null): Kept | null {
  try {
    return file === null ? null : (keptSchema.safeParse(JSON.parse(file.toString('utf8'))).data ?? null);
  } catch {
    return null;
  }
}

function keyOf({ fingerprint }: OcspSource): string {
  return `ocsp/${fingerprint}.json`;
}
