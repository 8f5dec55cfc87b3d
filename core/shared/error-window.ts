/** How many requests there were in a while, and how many of them went wrong. Times are of any steady clock in milliseconds. */
export class ErrorWindow {
  #start = 0;
  #requests = 0;
  #errors = 0;

  get requests(): number {
    return this.#requests;
  }

  get errors(): number {
    return this.#errors;
  }

  count(isError: boolean, windowMs: number, now: number): void {
    if (now - this.#start > windowMs) {
      this.#start = now;
      this.clear();
    }
    this.#requests += 1;
    if (isError) this.#errors += 1;
  }

  /** One that was counted as good went wrong in the end. */
  spoil(): void {
    // It may have been counted in an earlier while.
    if (this.#errors < this.#requests) this.#errors += 1;
  }

  /** Whether too many of them went wrong, of enough to tell. */
  isBad({ minRequests, errorRatio }: { readonly minRequests: number; readonly errorRatio: number }): boolean {
    return this.#requests >= minRequests && this.#errors >= this.#requests * errorRatio;
  }

  clear(): void {
    this.#requests = 0;
    this.#errors = 0;
  }
}
