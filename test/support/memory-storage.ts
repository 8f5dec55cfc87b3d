import { checkKey, type Storage } from '../../certs/storage.ts';

/** A storage that a test can look into and spoil. Its locks hold within the process. */
export class MemoryStorage implements Storage {
  readonly entries = new Map<string, Buffer>();
  readonly #locks = new Map<string, Promise<void>>();

  async load(key: string): Promise<Buffer | null> {
    checkKey(key);
    return this.entries.get(key) ?? null;
  }

  async store(key: string, value: string | Buffer): Promise<void> {
    checkKey(key);
    this.entries.set(key, Buffer.from(value));
  }

  async list(prefix: string): Promise<readonly string[]> {
    if (prefix !== '') checkKey(prefix);
    return [...this.entries.keys()].filter((key) => prefix === '' || key.startsWith(`${prefix}/`)).toSorted();
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    this.entries.delete(key);
  }

  async lock(name: string, signal: AbortSignal): Promise<() => Promise<void>> {
    checkKey(name);
    const before = this.#locks.get(name) ?? Promise.resolve();
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    this.#locks.set(
      name,
      before.then(() => over),
    );
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([before, aborted]);
    } catch (error) {
      end();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return async () => end();
  }
}
