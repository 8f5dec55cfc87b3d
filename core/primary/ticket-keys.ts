import { randomBytes } from 'node:crypto';

/** A name, an HMAC key and an AES key of 16 bytes each, as Node has it. */
const KEY_BYTES = 48;

/**
 * The keys that session tickets are sealed with (RFC 5077), the same in all workers, so that any of them
 * can resume a session of any other. Who has a key can read what was sent in its time, so none is written anywhere,
 * and each is replaced after its time: one for each interval that a listener asks for. The one before it opens the
 * tickets that it sealed for another interval, so that a rotation is not met by a full handshake of every client.
 */
export class TicketKeys {
  readonly #onRotated: () => void;
  /** By interval; the newest key first. */
  readonly #keys = new Map<number, { readonly keys: readonly Buffer[]; readonly timer: NodeJS.Timeout }>();

  constructor(onRotated: () => void) {
    this.#onRotated = onRotated;
  }

  /** Keeps a key for each of these intervals, in milliseconds; those that were there before stay as they are. */
  use(intervals: ReadonlySet<number>): void {
    for (const [interval, { timer }] of this.#keys) {
      if (intervals.has(interval)) continue;
      clearInterval(timer);
      this.#keys.delete(interval);
    }
    for (const interval of intervals) if (!this.#keys.has(interval)) this.#begin(interval);
  }

  /** Interval → keys in base64: the one that seals, then the one before it if there was one. */
  current(): Record<number, readonly string[]> {
    return Object.fromEntries(
      [...this.#keys].map(([interval, { keys }]) => [interval, keys.map((key) => key.toString('base64'))]),
    );
  }

  close(): void {
    this.use(new Set());
  }

  #begin(interval: number): void {
    let newest = randomBytes(KEY_BYTES);
    const timer = setInterval(() => {
      const before = newest;
      newest = randomBytes(KEY_BYTES);
      this.#keys.set(interval, { keys: [newest, before], timer });
      this.#onRotated();
    }, interval);
    timer.unref();
    this.#keys.set(interval, { keys: [newest], timer });
  }
}
