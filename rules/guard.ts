import { Worker } from 'node:worker_threads';
import { moduleUrl } from '../core/shared/module-url.ts';

/** The main thread's side of `guard-thread.ts`. */
export class Guard {
  readonly #thread: Worker;

  /** `words`: the watchdog's. `lastWords`: whether the primary listens on file descriptor 4. */
  constructor(words: Int32Array, lastWords: boolean) {
    this.#thread = new Worker(moduleUrl(import.meta.url, 'guard-thread'), {
      workerData: { words, lastWords },
      name: 'tidegate rule guard',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16 },
    });
    // It ends with the process, and keeps no process alive.
    this.#thread.unref();
  }

  /** Tells which script the calls of this slot belong to. */
  assign(slot: number, ruleId: string): void {
    this.#thread.postMessage({ slot, ruleId });
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}
