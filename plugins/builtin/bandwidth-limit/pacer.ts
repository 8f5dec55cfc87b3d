import { QUANTUM, TICK_MS, type ByteBucket } from './byte-bucket.ts';

type Push = (piece: Uint8Array) => void;

/** How often those who wait are said to be well: with many at a low rate a turn takes longer than a hook may. */
const SIGN_OF_LIFE_MS = 250;
const NOTHING = new Uint8Array(0);

/** The rest of a piece, which waits until it may pass. */
interface Waiter {
  rest: Uint8Array;
  readonly own: ByteBucket | null;
  readonly push: Push;
  readonly done: () => void;
  isClosed: boolean;
}

/** One body. */
export interface PacedBody {
  pass(piece: Uint8Array, push: Push): void | Promise<void>;
  close(): void;
}

/**
 * Lets bodies pass at a bounded rate: each within what its connection may (`own`), all within what they may together. Who waits for
 * the common rate stands in one line and gets an equal share of each tick, in turn where there is too little for all.
 * One timer serves all who wait, and none runs where nobody does.
 */
export class Pacer {
  readonly #common: ByteBucket | null;
  readonly #share: () => number;
  /** Wait for the common rate, in the order in which they are served. */
  #line: Waiter[] = [];
  /** Wait for their own rate. */
  #resting = new Set<Waiter>();
  #timer: NodeJS.Timeout | null = null;
  #signedAt = 0;

  /** @param share the part of the common rate that is this worker's. */
  constructor(common: ByteBucket | null, share: () => number) {
    this.#common = common;
    this.#share = share;
  }

  get waiting(): number {
    return this.#line.length + this.#resting.size;
  }

  body(own: ByteBucket | null): PacedBody {
    let waiter: Waiter | null = null;
    return {
      pass: (piece, push) => {
        const now = performance.now();
        const passed = this.#line.length > 0 ? 0 : this.#grant(piece.length, own, this.#budget(now), now);
        if (passed > 0) push(passed === piece.length ? piece : piece.subarray(0, passed));
        if (passed === piece.length) return undefined;
        const { promise, resolve } = Promise.withResolvers<void>();
        // a copy: the piece is valid during the call only
        waiter = { rest: new Uint8Array(piece.subarray(passed)), own, push, done: resolve, isClosed: false };
        this.#wait(waiter, now);
        return promise;
      },
      close: () => {
        if (waiter === null || waiter.isClosed) return;
        waiter.isClosed = true;
        this.#resting.delete(waiter);
        waiter.done();
      },
    };
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #budget(now: number): number {
    return this.#common?.available(now, this.#share()) ?? Number.POSITIVE_INFINITY;
  }

  /** How many of `wanted` bytes pass now; they are taken from the buckets. */
  #grant(wanted: number, own: ByteBucket | null, most: number, now: number): number {
    const bytes = Math.min(wanted, most, own?.available(now) ?? Number.POSITIVE_INFINITY);
    if (bytes < Math.min(wanted, QUANTUM)) return 0;
    own?.take(bytes);
    this.#common?.take(bytes);
    return bytes;
  }

  #wait(waiter: Waiter, now: number): void {
    if (isSpent(waiter, now)) this.#resting.add(waiter);
    else this.#line.push(waiter);
    this.#timer ??= setTimeout(() => this.#tick(), TICK_MS).unref();
  }

  #tick(): void {
    const now = performance.now();
    for (const waiter of this.#resting) {
      if (isSpent(waiter, now)) continue;
      this.#resting.delete(waiter);
      this.#line.push(waiter);
    }
    this.#serve(now);
    if (now - this.#signedAt >= SIGN_OF_LIFE_MS) this.#sign(now);
    this.#timer = this.waiting > 0 ? setTimeout(() => this.#tick(), TICK_MS).unref() : null;
  }

  #sign(now: number): void {
    this.#signedAt = now;
    for (const { push } of this.#line) push(NOTHING);
    for (const { push } of this.#resting) push(NOTHING);
  }

  #serve(now: number): void {
    const line = this.#line.filter(({ isClosed }) => !isClosed);
    this.#line = [];
    let budget = this.#budget(now);
    const share = Math.max(QUANTUM, Math.floor(budget / line.length));
    const again: Waiter[] = [];
    let served = 0;
    while (served < line.length && budget >= QUANTUM) {
      const waiter = line[served++];
      if (waiter === undefined) break;
      const bytes = this.#grant(waiter.rest.length, waiter.own, Math.min(share, budget), now);
      budget -= bytes;
      const piece = waiter.rest.subarray(0, bytes);
      waiter.rest = waiter.rest.subarray(bytes);
      if (bytes > 0) waiter.push(piece);
      if (waiter.rest.length === 0) {
        waiter.isClosed = true;
        waiter.done();
      } else if (!waiter.isClosed) {
        again.push(waiter);
      }
    }
    // those that got nothing stand in front the next time; `done` has let nobody in meanwhile, its followers run later
    this.#line = line.slice(served);
    for (const waiter of again) {
      if (isSpent(waiter, now)) this.#resting.add(waiter);
      else this.#line.push(waiter);
    }
  }
}

function isSpent({ own, rest }: Waiter, now: number): boolean {
  return own !== null && own.available(now) < Math.min(rest.length, QUANTUM);
}
