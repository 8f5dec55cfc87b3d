import { ByteBucket } from './byte-bucket.ts';

/** So long after its last datagram a flow is taken for one that sends. */
const WINDOW_MS = 200;

/** One session in one direction. */
interface PolicedFlow {
  /** null: there is no such rate. */
  own: ByteBucket | null;
  /** Its equal part of the common rate. */
  readonly part: ByteBucket;
  window: number;
}

/**
 * Says which datagrams are beyond a rate: the one of each flow, or the one that all share. Of that each flow which sends
 * may use its equal part, and more only of what the others leave: while the common bucket is more than half full.
 */
export class Policer {
  #connectionBytes: number | null = null;
  #commonBytes: number | null = null;
  #common: ByteBucket | null = null;
  #flows = new WeakMap<object, PolicedFlow>();
  #window = 0;
  #windowEndMs = 0;
  /** Flows that have sent: in the window before this one, and so far in this one. */
  #before = 0;
  #now = 0;

  /** Bytes a second, of all flows together and of each; null: any number. */
  setRates(commonBytes: number | null, connectionBytes: number | null): void {
    this.#commonBytes = commonBytes;
    this.#connectionBytes = connectionBytes;
    if (commonBytes === null) this.#common = null;
    else this.#common ??= new ByteBucket(commonBytes);
  }

  /** Whether the datagram may pass; it is counted then. `session`: stands for the flow for as long as it is held by somebody. */
  admits(session: object, bytes: number): boolean {
    const nowMs = performance.now();
    const flow = this.#flowOf(session, nowMs);
    const { own, part } = flow;
    if (own !== null && own.bytes <= 0) return false;
    const isWithinPart = part.bytes > 0;
    if (this.#common !== null && this.#commonBytes !== null) {
      this.#common.refill(this.#commonBytes, nowMs);
      if (this.#common.bytes <= (isWithinPart ? 0 : this.#common.capacity / 2)) return false;
      this.#common.bytes -= bytes;
    }
    if (own !== null) own.bytes -= bytes;
    if (isWithinPart) part.bytes -= bytes;
    return true;
  }

  #flowOf(session: object, nowMs: number): PolicedFlow {
    this.#roll(nowMs);
    let flow = this.#flows.get(session);
    if (flow === undefined) {
      flow = { own: null, part: new ByteBucket(this.#partBytes), window: 0 };
      this.#flows.set(session, flow);
    }
    if (flow.window !== this.#window) {
      flow.window = this.#window;
      this.#now += 1;
    }
    flow.part.refill(this.#partBytes, nowMs);
    const perSecond = this.#connectionBytes;
    if (perSecond === null) flow.own = null;
    else if (flow.own === null) flow.own = new ByteBucket(perSecond);
    else flow.own.refill(perSecond, nowMs);
    return flow;
  }

  get #partBytes(): number {
    return (this.#commonBytes ?? 0) / Math.max(1, this.#before, this.#now);
  }

  #roll(nowMs: number): void {
    if (nowMs < this.#windowEndMs) return;
    this.#before = nowMs < this.#windowEndMs + WINDOW_MS ? this.#now : 0;
    this.#now = 0;
    this.#window += 1;
    this.#windowEndMs = nowMs + WINDOW_MS;
  }
}
