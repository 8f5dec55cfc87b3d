import { z } from 'zod';
import type { KeyType } from '../core/shared/certificates-config.ts';
import { readJson } from './read-json.ts';
import type { Storage } from './storage.ts';

const keptOrder = z.object({
  directory: z.string(),
  /** URL of the account that it belongs to. */
  account: z.string(),
  url: z.string(),
  names: z.array(z.string()),
  mustStaple: z.boolean(),
  profile: z.string().nullable(),
  /** PEM: what the certificate is for. */
  key: z.string(),
  /** ISO 8601, by our clock. */
  startedAt: z.string(),
});
export type KeptOrder = z.infer<typeof keptOrder>;

/** What is kept of an order, so that another process can end it: `orders/FIRST-NAME/KEY-TYPE.json`. */
export class AcmeOrderFile {
  readonly #storage: Storage;
  readonly #path: string;

  constructor(storage: Storage, firstName: string, keyType: KeyType) {
    this.#storage = storage;
    this.#path = `orders/${firstName}/${keyType}.json`;
  }

  /** null: none, or none that can be read. */
  async load(): Promise<KeptOrder | null> {
    return readJson(keptOrder, await this.#storage.load(this.#path));
  }

  store(order: KeptOrder): Promise<void> {
    return this.#storage.store(this.#path, `${JSON.stringify(order, null, 2)}\n`);
  }

  delete(): Promise<void> {
    return this.#storage.delete(this.#path);
  }
}
