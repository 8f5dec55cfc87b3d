/** Counts the exchanges that hold a listener service, so that what it holds is let go of after the last of them. */
export class ServiceUsage {
  #exchanges = 0;
  #onUnused: (() => void) | null = null;

  enter(): void {
    this.#exchanges += 1;
  }

  leave(): void {
    this.#exchanges -= 1;
    if (this.#exchanges === 0) this.#finish();
  }

  /** No new exchange will begin: `onUnused` is called once the running ones have ended, maybe at once. */
  retire(onUnused: () => void): void {
    this.#onUnused = onUnused;
    if (this.#exchanges === 0) this.#finish();
  }

  #finish(): void {
    const onUnused = this.#onUnused;
    this.#onUnused = null;
    onUnused?.();
  }
}
