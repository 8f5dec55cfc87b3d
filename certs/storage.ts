/**
 * Where accounts, keys and certificates are kept. Whoever implements it for a store that several machines share
 * needs to change nothing else: all that is coordinated between primaries goes over `lock`.
 *
 * Keys are paths like `certificates/example.com/ecdsa-p256.pem`; segments of `[A-Za-z0-9._*-]` that do not begin
 * with a dot. What is stored may be a private key: implementations keep it from everyone but the owner.
 */
export interface Storage {
  /** null: there is no such entry. */
  load(key: string): Promise<Buffer | null>;
  /** All or nothing: a reader, also one after a crash, finds what was there before or all of the new value. */
  store(key: string, value: string | Buffer): Promise<void>;
  /** All keys below, sorted. `prefix`: whole segments, without `/` at the end; empty for all there are. */
  list(prefix: string): Promise<readonly string[]>;
  /** Fine when it is not there. */
  delete(key: string): Promise<void>;
  /**
   * Waits until it is ours; rejects with the signal's reason. The function gives it back, and may be called twice.
   * An owner that stood still for long (a stopped process, a paused machine) may have lost it to another one:
   * what is done under it has to be harmless when done twice.
   */
  lock(name: string, signal: AbortSignal): Promise<() => Promise<void>>;
}

/** The storage itself fails, whatever the entry: a folder that may not be written, a full disk. */
export class StorageError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'StorageError';
  }
}

/** Throws for what no key may be: a key that came from a name must never lead out of the storage. */
export function checkKey(key: string): void {
  if (!key.split('/').every((segment) => /^[A-Za-z0-9_*-][A-Za-z0-9._*-]*$/.test(segment)))
    throw new RangeError(`not a key of the storage: ${JSON.stringify(key)}`);
}
