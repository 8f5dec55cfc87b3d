import type { Logger } from '../core/shared/log.ts';
import { StorageError, type Storage } from './storage.ts';

/** As long as it fails, it is said again after this time. */
const SAY_AGAIN_MS = 10 * 60_000;

type Verb = 'read' | 'written';

/** Says when a storage begins to fail and when it is well again: once, and not for each of ten thousand certificates. */
export class WatchedStorage implements Storage {
  readonly #storage: Storage;
  readonly #log: Logger;
  readonly #now: () => number;
  /** What failed first. A disk that is nearly full takes small entries: it is well when it takes that one. */
  readonly #failing = new Map<Verb, { readonly key: string; readonly saidAt: number }>();

  constructor(storage: Storage, log: Logger, now: () => number = Date.now) {
    this.#storage = storage;
    this.#log = log;
    this.#now = now;
  }

  load(key: string): Promise<Buffer | null> {
    return this.#watch('read', key, this.#storage.load(key));
  }

  store(key: string, value: string | Buffer): Promise<void> {
    return this.#watch('written', key, this.#storage.store(key, value));
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#watch('read', prefix, this.#storage.list(prefix));
  }

  delete(key: string): Promise<void> {
    return this.#storage.delete(key);
  }

  lock(name: string, signal: AbortSignal): Promise<() => Promise<void>> {
    return this.#watch('written', `lock ${name}`, this.#storage.lock(name, signal));
  }

  async #watch<T>(verb: Verb, key: string, act: Promise<T>): Promise<T> {
    try {
      const result = await act;
      if (this.#failing.get(verb)?.key === key) {
        this.#failing.delete(verb);
        this.#log.info(`the storage of certificates can be ${verb} again`);
      }
      return result;
    } catch (error) {
      if (error instanceof StorageError) this.#say(verb, key, error);
      throw error;
    }
  }

  #say(verb: Verb, key: string, { message: problem }: StorageError): void {
    const now = this.#now();
    const failing = this.#failing.get(verb);
    if (failing !== undefined && Math.abs(now - failing.saidAt) < SAY_AGAIN_MS) return;
    this.#failing.set(verb, { key, saidAt: now });
    this.#log.error(
      { problem },
      'the storage of certificates fails: what is served goes on, and nothing is obtained until it is well',
    );
  }
}
