import { hash } from 'node:crypto';

/** Longer values are kept as their hash. */
const LONGEST_PLAIN = 64;

/**
 * Which backend's place belongs to which value of a cookie, as this worker has seen it. Only what backends send is
 * learned; values that nobody has sent for `ttlMs`, and the oldest above `size`, are forgotten.
 */
export class LearnedSessions {
  readonly #size: number;
  readonly #ttlMs: number;
  readonly #now: () => number;
  /** What was used last stands at the end. */
  readonly #sessions = new Map<string, { readonly place: string; readonly usedMs: number }>();

  /** `now`: in ms, as performance.now(). */
  constructor(size: number, ttlMs: number, now: () => number = () => performance.now()) {
    this.#size = size;
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  get count(): number {
    return this.#sessions.size;
  }

  find(value: string): string | undefined {
    const key = keyOf(value);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    this.#sessions.delete(key);
    if (this.#isOver(session)) return undefined;
    this.#sessions.set(key, { place: session.place, usedMs: this.#now() });
    return session.place;
  }

  learn(value: string, place: string): void {
    const key = keyOf(value);
    this.#sessions.delete(key);
    this.#sessions.set(key, { place, usedMs: this.#now() });
    for (const [oldest, session] of this.#sessions) {
      if (this.#sessions.size <= this.#size && !this.#isOver(session)) return;
      this.#sessions.delete(oldest);
    }
  }

  hasBoundsOf(other: LearnedSessions): boolean {
    return this.#size === other.#size && this.#ttlMs === other.#ttlMs;
  }

  /** Takes over what another one knows, the newest if it is more than there is room for. */
  takeOver(before: LearnedSessions): void {
    for (const [key, session] of [...before.#sessions].slice(-this.#size)) this.#sessions.set(key, session);
  }

  #isOver({ usedMs }: { readonly usedMs: number }): boolean {
    return this.#now() - usedMs >= this.#ttlMs;
  }
}

function keyOf(value: string): string {
  return value.length <= LONGEST_PLAIN ? value : hash('sha256', value, 'base64url');
}
