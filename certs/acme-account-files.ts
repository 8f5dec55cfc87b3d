import { createHash } from 'node:crypto';

import { z } from 'zod';
import { readJson } from './read-json.ts';
import type { Storage } from './storage.ts';

const knownAccount = z.object({ directory: z.string(), url: z.string(), contact: z.array(z.string()) });
export type KnownAccount = z.infer<typeof knownAccount>;

/** What is kept of the account at one CA: `accounts/HOST-PATH-HASH/…`. */
export class AcmeAccountFiles {
  /** Of the lock that is held where any of it changes. */
  readonly lockName: string;
  readonly #storage: Storage;
  readonly #key: string;
  readonly #nextKey: string;
  readonly #account: string;

  constructor(storage: Storage, directory: string) {
    this.#storage = storage;
    const name = accountName(directory);
    this.lockName = `account-${name}`;
    this.#key = `accounts/${name}/key.pem`;
    this.#nextKey = `accounts/${name}/next-key.pem`;
    this.#account = `accounts/${name}/account.json`;
  }

  key(): Promise<string | null> {
    return this.#text(this.#key);
  }

  /** Of a change of keys of which we do not know whether the CA has seen it. */
  nextKey(): Promise<string | null> {
    return this.#text(this.#nextKey);
  }

  /** null: there is none, or nothing that can be read; the CA can be asked for it again. */
  async account(): Promise<KnownAccount | null> {
    return readJson(knownAccount, await this.#storage.load(this.#account));
  }

  /** Instead of the one before, whose account is forgotten first: the two never mix. */
  async storeKey(key: string): Promise<void> {
    await this.#storage.delete(this.#account);
    await this.#storage.store(this.#key, key);
  }

  storeNextKey(key: string): Promise<void> {
    return this.#storage.store(this.#nextKey, key);
  }

  storeAccount(account: KnownAccount): Promise<void> {
    return this.#storage.store(this.#account, `${JSON.stringify(account, null, 2)}\n`);
  }

  deleteNextKey(): Promise<void> {
    return this.#storage.delete(this.#nextKey);
  }

  deleteAccount(): Promise<void> {
    return this.#storage.delete(this.#account);
  }

  async deleteAll(): Promise<void> {
    await this.#storage.delete(this.#account);
    await this.#storage.delete(this.#key);
    await this.#storage.delete(this.#nextKey);
  }

  async #text(key: string): Promise<string | null> {
    return (await this.#storage.load(key))?.toString() ?? null;
  }
}

/** To be read by people, and yet different for every directory. */
function accountName(directory: string): string {
  const readable = directory
    .replace(/^https:\/\//, '')
    .replaceAll(/[^\w.-]+/g, '-')
    .slice(0, 80);
  return `${readable}-${createHash('sha256').update(directory).digest('hex').slice(0, 8)}`;
}
