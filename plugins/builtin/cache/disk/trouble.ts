import type { PluginLog } from '../../../api.ts';

const WARN_EVERY_MS = 60_000;

/** What the disk will not do: told once a minute at most, however often it fails. */
export class Trouble {
  readonly #log: PluginLog;
  readonly #folder: string;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #untold = 0;
  #count = 0;

  constructor(log: PluginLog, folder: string) {
    this.#log = log;
    this.#folder = folder;
  }

  get count(): number {
    return this.#count;
  }

  note(error: unknown): void {
    this.#count += 1;
    this.#untold += 1;
    const now = performance.now();
    if (now - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    const cause = error instanceof Error ? error.message : String(error);
    this.#log.warn(
      { folder: this.#folder, failures: this.#untold, cause },
      'the disk of the cache fails: what lies there is fetched again, and nothing more is kept there until it works',
    );
    this.#untold = 0;
  }
}

/** Of a failed file operation, like `ENOENT`; null: another error. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
