import { randomBytes } from 'node:crypto';

/** What Node takes as `ticketKeys`: a name, an HMAC key and an AES key of 16 bytes each. */
const KEY_BYTES = 48;

/**
 * The keys that session tickets are sealed with (RFC 5077), the same in all workers, so that any of them
 * can resume a session of any other. Who has a key can read what was sent in its time, so none is written anywhere,
 * and each is replaced after its time: one for each interval that a listener asks for.
 */
export class TicketKeys {
  readonly #onRotated: () => void;
  readonly #keys = new Map<number, { key: Buffer; readonly timer: NodeJS.Timeout }>();

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

  /** Interval → key in base64. */
  current(): Record<number, string> {
    return Object.fromEntries(
      [...this.#keys].map(([interval, { key }]) => [interval, key.toString('base64')]),
    );
  }

  close(): void {
    this.use(new Set());
  }

  #begin(interval: number): void {
    const timer = setInterval(() => {
      this.#keys.set(interval, { key: randomBytes(KEY_BYTES), timer });
      this.#onRotated();
    }, interval);
    timer.unref();
    this.#keys.set(interval, { key: randomBytes(KEY_BYTES), timer });
  }
}
