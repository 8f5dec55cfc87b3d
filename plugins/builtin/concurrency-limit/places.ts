import type { SharedCounts } from './shared-counts.ts';

/** One exchange, from when it asks for a place until it has ended. */
export interface Visit {
  readonly key: string;
  state: 'waiting' | 'inside' | 'gone';
  /** For one that waits: whether it has a place now. */
  settle: ((hasPlace: boolean) => void) | null;
}

export interface PlacesOptions {
  readonly max: number;
  readonly queue: { readonly length: number; readonly timeoutMs: number };
}

/** So many places for each key, and a queue for each, first come, first served. A place is given back once, whatever happens. */
export class Places {
  readonly #options: PlacesOptions;
  readonly #counts: SharedCounts;
  // A Set keeps the order in which they came.
  readonly #queues = new Map<string, Set<Visit>>();
  waiting = 0;

  constructor(options: PlacesOptions, counts: SharedCounts) {
    this.#options = options;
    this.#counts = counts;
    counts.onFewer = (keys) => {
      if (this.waiting > 0) for (const key of keys) this.#fill(key);
    };
  }

  /** null: there is neither a place nor room in the queue. */
  enter(key: string): { readonly visit: Visit; readonly hasPlace: true | Promise<boolean> } | null {
    const queue = this.#queues.get(key);
    if (queue === undefined && this.#counts.of(key) < this.#options.max)
      return { visit: this.enterAnyway(key), hasPlace: true };
    if ((queue?.size ?? 0) >= this.#options.queue.length) return null;
    const visit: Visit = { key, state: 'waiting', settle: null };
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => this.leave(visit), this.#options.queue.timeoutMs);
    visit.settle = (hasPlace) => {
      clearTimeout(timer);
      resolve(hasPlace);
    };
    if (queue === undefined) this.#queues.set(key, new Set([visit]));
    else queue.add(visit);
    this.waiting += 1;
    return { visit, hasPlace: promise };
  }

  enterAnyway(key: string): Visit {
    this.#counts.add(key, 1);
    return { key, state: 'inside', settle: null };
  }

  isFull(key: string): boolean {
    return this.#counts.of(key) >= this.#options.max;
  }

  /** Gives back its place, or leaves the queue; does nothing the second time. */
  leave(visit: Visit): void {
    const { key, state } = visit;
    visit.state = 'gone';
    if (state === 'inside') {
      this.#counts.add(key, -1);
      this.#fill(key);
    } else if (state === 'waiting') {
      const queue = this.#queues.get(key);
      if (queue !== undefined) this.#take(queue, visit);
      visit.settle?.(false);
    }
  }

  #fill(key: string): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    for (const visit of queue) {
      if (this.isFull(key)) return;
      this.#take(queue, visit);
      visit.state = 'inside';
      this.#counts.add(key, 1);
      visit.settle?.(true);
    }
  }

  #take(queue: Set<Visit>, visit: Visit): void {
    if (!queue.delete(visit)) return;
    this.waiting -= 1;
    if (queue.size === 0) this.#queues.delete(visit.key);
  }
}
