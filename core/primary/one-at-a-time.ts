/**
 * Runs a task one at a time. Whoever asks while it runs shares one more run after it, which sees
 * everything that they changed before they asked.
 */
export class OneAtATime<T> {
  readonly #task: () => Promise<T>;
  #next: PromiseWithResolvers<T> | null = null;
  #running = false;

  constructor(task: () => Promise<T>) {
    this.#task = task;
  }

  get isRunning(): boolean {
    return this.#running;
  }

  run(): Promise<T> {
    this.#next ??= Promise.withResolvers<T>();
    const { promise } = this.#next;
    if (!this.#running) void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#next !== null) {
      const { resolve, reject } = this.#next;
      this.#next = null;
      try {
        resolve(await this.#task());
      } catch (error) {
        reject(error);
      }
    }
    this.#running = false;
  }
}
