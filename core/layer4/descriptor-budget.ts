/** The share of a worker's file descriptors that sessions may have. */
const SHARE = 0.5;

/** The sessions of one listener. */
export interface DescriptorHolder {
  /** Those that anybody may have begun, with no more than an address written into a datagram. */
  readonly unestablished: number;
  /** Ends the one of those that has been idle for the longest. */
  displace(): void;
}

/**
 * The sockets of all UDP sessions of a worker. Whoever sends datagrams makes sessions, under any address: the descriptors
 * of the worker's other connections must not be theirs to take.
 */
export class DescriptorBudget {
  readonly #max: number;
  readonly #holders = new Set<DescriptorHolder>();
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

  add(holder: DescriptorHolder): void {
    this.#holders.add(holder);
  }

  delete(holder: DescriptorHolder): void {
    this.#holders.delete(holder);
  }

  /**
   * A session ends for another one, at the listener that has most of those that are not established: a flood makes room for
   * all, and nobody's established sessions do. `without`: so many of the unestablished ones of `seeker`, its newest, are not for
   * this. @returns false: there is none
   */
  displace(seeker: DescriptorHolder, without: number): boolean {
    let most = 0;
    let found: DescriptorHolder | null = null;
    for (const holder of this.#holders) {
      const count = holder.unestablished - (holder === seeker ? without : 0);
      if (count <= most) continue;
      most = count;
      found = holder;
    }
    found?.displace();
    return found !== null;
  }
}
