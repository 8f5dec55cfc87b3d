import type { PluginLog } from '../../api.ts';
import { keysOfSet, type KeySet } from './key-set.ts';

/** Where keys come from. */
export interface KeySource {
  /** null: there are none, yet or any more. Another object where they are other keys. */
  readonly keys: KeySet | null;
  /** Resolves when it has looked whether there are others by now, or at once where it may not look. */
  lookAgain(): Promise<void>;
}

export interface RemoteSettings {
  readonly refresh: number;
  readonly staleFor: number;
  readonly coolDown: number;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/**
 * A JWK Set from elsewhere, fetched again before anybody has to wait for it. While it cannot be had, that of before goes on for a
 * time. A token with an unknown key has it fetched, too, but whoever makes up such tokens gets no more than one fetch in so long.
 */
export class RemoteKeys implements KeySource {
  readonly #fetch: () => Promise<string>;
  readonly #settings: RemoteSettings;
  readonly #log: PluginLog;
  #text = '';
  #keys: KeySet | null = null;
  #goodUntil = 0;
  #running: Promise<void> | null = null;
  #begunAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  /** Begins to fetch. */
  constructor(fetch: () => Promise<string>, settings: RemoteSettings, log: PluginLog) {
    this.#fetch = fetch;
    this.#settings = settings;
    this.#log = log;
    void this.#load();
  }

  get keys(): KeySet | null {
    return performance.now() < this.#goodUntil ? this.#keys : null;
  }

  async lookAgain(): Promise<void> {
    if (this.#running !== null) return this.#running;
    if (this.#isClosed || performance.now() - this.#begunAt < this.#settings.coolDown) return;
    await this.#load();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #load(): Promise<void> {
    this.#begunAt = performance.now();
    return (this.#running ??= this.#loadOnce().finally(() => {
      this.#running = null;
    }));
  }

  async #loadOnce(): Promise<void> {
    try {
      this.#take(await this.#fetch());
      this.#failures = 0;
    } catch (error) {
      if (this.#isClosed) return;
      this.#failures += 1;
      const reason = error instanceof Error ? describe(error) : String(error);
      this.#log.warn(
        { reason, failures: this.#failures },
        this.keys === null
          ? 'the keys of tokens cannot be had: requests are answered with 503'
          : 'the keys of tokens cannot be had: those of before go on',
      );
    }
    this.#wait();
  }

  #take(text: string): void {
    const keys = text === this.#text && this.#keys !== null ? this.#keys : keysOfSet(text);
    this.#text = text;
    this.#keys = keys;
    const { refresh, staleFor } = this.#settings;
    this.#goodUntil = performance.now() + refresh + staleFor;
  }

  #wait(): void {
    if (this.#isClosed) return;
    const { refresh } = this.#settings;
    const retry = Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10), LONGEST_RETRY_MS);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => void this.#load(),
      this.#failures === 0 ? refresh : Math.min(retry, refresh),
    );
    this.#timer.unref();
  }
}

/** What a failed `fetch` throws says why in its cause. */
function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
