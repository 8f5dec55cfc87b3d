import { PRIORITIES, type Priority } from '../../shared/priority.ts';
import type { AddressBackend } from '../backend.ts';
import { QueueCounters } from './queue-counters.ts';

/** Who waits for a backend with a place free. */
export interface Waiter {
  readonly priority: Priority;
  /** The one that it waits for; null: any. */
  readonly own: AddressBackend | null;
  /** Goes, if there is a place for it. It may do so only while it is in the queue. */
  tryGo(): boolean;
  /** It has been taken out of a full queue, for somebody of a higher priority. */
  giveWay(): void;
}

/** The queues in which somebody waits. A worker has few of them, and mostly none. */
const occupied = new Set<WaitingQueue>();
let isDue = false;

/**
 * To be called when an exchange has left a backend, and when backends may have begun to take requests. The queues look at it at
 * the end of what runs now: whoever gets a place may fail at once, and so free it again.
 */
export function placesChanged(): void {
  if (occupied.size === 0 || isDue) return;
  isDue = true;
  queueMicrotask(() => {
    isDue = false;
    for (const queue of occupied) queue.serve();
  });
}

/** Those who wait for the backends of an upstream: by priority, and in each in the order in which they came. */
export class WaitingQueue {
  readonly #maxLength: number;
  readonly #hasRoom: () => boolean;
  /** Those of a snapshot count on in the next one. */
  counters = new QueueCounters();
  readonly #lines: Readonly<Record<Priority, Set<Waiter>>> = {
    high: new Set(),
    normal: new Set(),
    low: new Set(),
  };
  #length = 0;

  /** `hasRoom`: whether there is a place for somebody who takes any. */
  constructor(maxLength: number, hasRoom: () => boolean) {
    this.#maxLength = maxLength;
    this.#hasRoom = hasRoom;
  }

  get length(): number {
    return this.#length;
  }

  /** False: it is full, and nobody of a lower priority can give way. */
  enter(waiter: Waiter): boolean {
    const isFull = this.#length >= this.#maxLength;
    if (isFull) this.counters.refused += 1;
    const behind = isFull ? this.#behind(waiter.priority) : undefined;
    if (isFull && behind === undefined) return false;
    if (behind !== undefined) this.leave(behind);
    this.#lines[waiter.priority].add(waiter);
    this.#length += 1;
    this.counters.waiting += 1;
    occupied.add(this);
    // Those before it may wait for other backends than it does.
    placesChanged();
    behind?.giveWay();
    return true;
  }

  /** Of the lowest priority below `priority` the one that has waited for the longest, and so has the least time left. */
  #behind(priority: Priority): Waiter | undefined {
    for (const lower of PRIORITIES.toReversed()) {
      if (lower === priority) return undefined;
      for (const waiter of this.#lines[lower]) return waiter;
    }
    return undefined;
  }

  leave(waiter: Waiter): void {
    if (!this.#lines[waiter.priority].delete(waiter)) return;
    this.#length -= 1;
    this.counters.waiting -= 1;
    if (this.#length === 0) occupied.delete(this);
  }

  /** Lets everybody go for whom there is a place, in order. */
  serve(): void {
    let hasRoom = this.#hasRoom();
    for (const priority of PRIORITIES) {
      for (const waiter of this.#lines[priority]) {
        if (waiter.own === null && !hasRoom) continue;
        if (waiter.tryGo()) hasRoom = this.#hasRoom();
      }
    }
  }
}
