/** Something that must not take longer than until `deadlineMs`. */
export interface Timed {
  /** On the clock of performance.now(); 0 for no deadline. */
  deadlineMs: number;
  onDeadline(): void;
}

/** How late a deadline may be noticed. */
const TICK_MS = 50;

/**
 * The deadlines of all connections of a worker. Setting one is a field write and a tick looks at
 * each connection once: a timer for every connection costs more on the request path than
 * twenty looks a second do.
 */
export class Deadlines {
  readonly #items = new Set<Timed>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#check(), TICK_MS);
    this.#timer.unref();
  }

  add(item: Timed): void {
    this.#items.add(item);
  }

  delete(item: Timed): void {
    this.#items.delete(item);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#items.clear();
  }

  #check(): void {
    const now = performance.now();
    for (const item of this.#items) {
      if (item.deadlineMs !== 0 && item.deadlineMs <= now) {
        item.deadlineMs = 0;
        item.onDeadline();
      }
    }
  }
}
