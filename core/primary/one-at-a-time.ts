/**
 * Runs a task one at a time. Whoever asks while it runs shares one more run after it, which sees
 * everything that they changed before they asked.
 */
export class OneAtATime<T> {
  readonly #task: () => Promise<T>;
  #next: PromiseWithResolvers<T> | null = null;
  #draining: Promise<void> | null = null;

  constructor(task: () => Promise<T>) {
    this.#task = task;
  }

  run(): Promise<T> {
    this.#next ??= Promise.withResolvers<T>();
    const { promise } = this.#next;
    this.#draining ??= this.#drain();
    return promise;
  }

  /** Resolves when nothing runs and nothing waits to. */
  async idle(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#next !== null) {
      const { resolve, reject } = this.#next;
      this.#next = null;
      try {
        resolve(await this.#task());
      } catch (error) {
        reject(error);
      }
    }
    this.#draining = null;
  }
}
