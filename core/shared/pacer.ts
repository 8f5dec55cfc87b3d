import { ByteBucket, LEAST_BYTES } from './byte-bucket.ts';

/** How often those who wait are looked at. */
const TICK_MS = 20;
const MOST_PIECE_BYTES = 64 * 1024;

/** One connection in one direction. */
export class PacedFlow {
  /** Of what all share: given to it and not used yet; below 0: used and not given yet. */
  credit = 0;
  /** Whether it has passed something on since the last tick. */
  isActive = false;
  /** What it may use by its own rate; null: it has none. */
  own: ByteBucket | null = null;
  readonly onAllowed: () => void;
  readonly #pacer: Pacer;

  constructor(pacer: Pacer, onAllowed: () => void) {
    this.#pacer = pacer;
    this.onAllowed = onAllowed;
  }

  /** What is best passed on at a time. */
  get pieceBytes(): number {
    return this.#pacer.pieceBytes;
  }

  /**
   * So many bytes have passed, or pass now; 0: nothing has yet.
   * @returns whether more may follow at once; if not, `onAllowed` is called when they may
   */
  spend(bytes: number): boolean {
    return this.#pacer.spend(this, bytes);
  }

  /** It is over: `onAllowed` is not called any more. */
  close(): void {
    this.#pacer.forget(this);
  }
}

/**
 * Holds connections to a rate of their own each and to one that they share, by deficit round robin: all who wait get
 * the same at each tick, who has used more than it was given (a read takes what comes) gets nothing further until that is
 * made up for, and what one does not use until the next tick is for the others. One timer serves all who wait, and none runs where nobody does.
 */
export class Pacer {
  #commonBytes: number | null = null;
  #connectionBytes: number | null = null;
  /** null: there is no common rate. */
  #common: ByteBucket | null = null;
  /** Wait for the common rate, in the order in which they are served. */
  readonly #line = new Set<PacedFlow>();
  /** Wait for their own rate. */
  readonly #resting = new Set<PacedFlow>();
  /** Have been given something since the last tick. */
  #served: PacedFlow[] = [];
  #isTicking = false;

  /** Bytes a second, of all flows together and of each; null: any number. Holds for those that wait, too. */
  setRates(commonBytes: number | null, connectionBytes: number | null): void {
    this.#commonBytes = commonBytes;
    this.#connectionBytes = connectionBytes;
    if (commonBytes === null) this.#common = null;
    else this.#common ??= new ByteBucket(commonBytes);
  }

  get pieceBytes(): number {
    const perSecond = Math.min(this.#commonBytes ?? Infinity, this.#connectionBytes ?? Infinity);
    return Math.min(MOST_PIECE_BYTES, Math.max(LEAST_BYTES, Math.floor((perSecond * TICK_MS) / 1000)));
  }

  flow(onAllowed: () => void): PacedFlow {
    return new PacedFlow(this, onAllowed);
  }

  /** For `PacedFlow`. */
  spend(flow: PacedFlow, bytes: number): boolean {
    const nowMs = performance.now();
    const own = this.#ownOf(flow, nowMs);
    if (own !== null) own.bytes -= bytes;
    const common = this.#refilled(nowMs);
    if (common !== null) {
      flow.credit -= bytes;
      flow.isActive = true;
      if (this.#line.size === 0) lend(flow, common);
    }
    if (this.#line.has(flow) || this.#resting.has(flow)) return false;
    if (own !== null && own.bytes <= 0) this.#resting.add(flow);
    else if (common !== null && this.#mustQueue(flow, common)) this.#line.add(flow);
    else return true;
    this.#arm();
    return false;
  }

  /** For `PacedFlow`. */
  forget(flow: PacedFlow): void {
    this.#line.delete(flow);
    this.#resting.delete(flow);
    // What it has used is used, or those who come and go would be held to nothing.
    if (this.#common !== null) this.#common.bytes += flow.credit;
    flow.credit = 0;
  }

  #mustQueue({ credit }: PacedFlow, common: ByteBucket): boolean {
    if (credit !== 0) return credit < 0;
    return this.#line.size > 0 || common.bytes <= 0;
  }

  #refilled(nowMs: number): ByteBucket | null {
    if (this.#commonBytes !== null) this.#common?.refill(this.#commonBytes, nowMs);
    return this.#common;
  }

  #ownOf(flow: PacedFlow, nowMs: number): ByteBucket | null {
    const perSecond = this.#connectionBytes;
    if (perSecond === null) flow.own = null;
    else if (flow.own === null) flow.own = new ByteBucket(perSecond);
    else flow.own.refill(perSecond, nowMs);
    return flow.own;
  }

  #arm(): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    setTimeout(() => this.#tick(), TICK_MS).unref();
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#isTicking = false;
    this.#takeBack();
    const allowed = this.#rested(nowMs);
    const common = this.#refilled(nowMs);
    if (common !== null) this.#serve(common, allowed);
    else {
      allowed.push(...this.#line);
      this.#line.clear();
    }
    for (const flow of allowed) flow.onAllowed();
    if (this.#line.size + this.#resting.size + this.#served.length > 0) this.#arm();
  }

  /** What was not used is for the others. Who has used some of it gets its part again, without being held up for it. */
  #takeBack(): void {
    const served = this.#served;
    this.#served = [];
    for (const flow of served) {
      if (flow.credit > 0 && this.#common !== null) {
        this.#common.bytes += flow.credit;
        flow.credit = 0;
        if (flow.isActive && !this.#resting.has(flow)) this.#line.add(flow);
      }
      flow.isActive = false;
    }
  }

  /** Who has its own rate again, and need not wait for the common one. */
  #rested(nowMs: number): PacedFlow[] {
    const allowed: PacedFlow[] = [];
    for (const flow of this.#resting) {
      const own = this.#ownOf(flow, nowMs);
      if (own !== null && own.bytes <= 0) continue;
      this.#resting.delete(flow);
      if (this.#common === null) allowed.push(flow);
      else this.#line.add(flow);
    }
    return allowed;
  }

  #serve(common: ByteBucket, allowed: PacedFlow[]): void {
    const line = [...this.#line];
    const share = Math.max(LEAST_BYTES, Math.floor(common.bytes / line.length));
    for (const flow of line) {
      // The others stand in front the next time.
      if (common.bytes <= 0) break;
      const bytes = Math.min(share, common.bytes);
      common.bytes -= bytes;
      flow.credit += bytes;
      this.#line.delete(flow);
      if (flow.credit > 0) {
        this.#served.push(flow);
        allowed.push(flow);
      } else this.#line.add(flow);
    }
  }
}

/** Nobody waits: what was used beyond is made up for as far as there is something. */
function lend(flow: PacedFlow, common: ByteBucket): void {
  const bytes = Math.min(Math.max(0, -flow.credit), Math.max(0, common.bytes));
  flow.credit += bytes;
  common.bytes -= bytes;
}
