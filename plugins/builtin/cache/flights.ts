/** How a request ended that others have waited for. */
export type Landing =
  /** Its answer is kept: look for it. */
  | 'stored'
  /** It is not to be kept: ask for yourself. */
  | 'not-stored'
  /** There was none, as its client has left: one of those who wait goes in its place. */
  | 'lost';

/** A request to a backend, and those who wait for its answer. */
export class Flight {
  readonly #landed: () => void;
  #waiters = new Set<(landing: Landing) => void>();
  #isOver = false;

  /** `landed`: nobody can join any more. */
  constructor(landed: () => void) {
    this.#landed = landed;
  }

  get waiters(): number {
    return this.#waiters.size;
  }

  /** `timeout`: of waiting; also where `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<Landing | 'timeout'> {
    return new Promise((resolve) => {
      const done = (landing: Landing | 'timeout'): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        signal.removeEventListener('abort', leave);
        resolve(landing);
      };
      const leave = (): void => done('timeout');
      const timer = setTimeout(leave, ms);
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.add(done);
      if (signal.aborted) leave();
    });
  }

  /** It takes longer than others are to wait: who comes from now on goes in another one. */
  close(): void {
    this.#landed();
  }

  /** The first word counts. */
  land(landing: Landing): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#landed();
    for (const tell of this.#waiters) tell(landing);
  }
}

/** The requests under way that others may wait for. */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  get size(): number {
    return this.#flights.size;
  }

  find(key: string): Flight | null {
    return this.#flights.get(key) ?? null;
  }

  begin(key: string): Flight {
    const flight = new Flight(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    this.#flights.set(key, flight);
    return flight;
  }
}
