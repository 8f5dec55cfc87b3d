/** The share of a worker's file descriptors that sessions may have. */
const SHARE = 0.5;

/**
 * The sockets of all UDP sessions of a worker. Whoever sends datagrams makes sessions, under any address: the descriptors
 * of the worker's other connections must not be theirs to take.
 */
export class DescriptorBudget {
  readonly #max: number;
  #taken = 0;

  /** `limit`: descriptors that the process may have. */
  constructor(limit: number) {
    this.#max = Math.floor(limit * SHARE);
  }

  /** false: all are taken. */
  take(): boolean {
    if (this.#taken >= this.#max) return false;
    this.#taken += 1;
    return true;
  }

  giveBack(): void {
    this.#taken -= 1;
  }
}
