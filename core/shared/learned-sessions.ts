import { hash } from 'node:crypto';
import type { LearnedBounds, LearnedSession } from './sticky-types.ts';

/** Longer values are kept as their hash. */
const LONGEST_PLAIN = 64;
/** In what part of its life a session that is used is told anew, so that other workers do not forget it. */
const TOLD_AGAIN = 1 / 4;

/** In what part of its life one use more is not worth noting down: most requests follow others within seconds. */
const NOTED_AGAIN = 1 / 256;

interface Session {
  readonly place: string;
  readonly usedMs: number;
  /** When other workers heard of it last. */
  readonly toldMs: number;
}

/**
 * Which backend's place belongs to which client, by a value that names the client. What nobody has used for `ttlMs`, and the
 * oldest above `size`, is forgotten.
 */
export class LearnedSessions {
  readonly #bounds: LearnedBounds;
  readonly #now: () => number;
  /** What was used last stands at the end, give or take `NOTED_AGAIN`. */
  readonly #sessions = new Map<string, Session>();
  /** Hears what other workers should know. */
  tell: (session: LearnedSession) => void = () => undefined;

  /** `now`: in ms, as performance.now(). */
  constructor(bounds: LearnedBounds, now: () => number = () => performance.now()) {
    this.#bounds = bounds;
    this.#now = now;
  }

  get count(): number {
    return this.#sessions.size;
  }

  find(value: string): string | undefined {
    const key = keyOf(value);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    if (this.#isOver(session)) {
      this.#sessions.delete(key);
      return undefined;
    }
    if (this.#now() - session.usedMs >= this.#bounds.ttlMs * NOTED_AGAIN)
      this.#use(key, session.place, session);
    return session.place;
  }

  learn(value: string, place: string): void {
    const key = keyOf(value);
    const known = this.#sessions.get(key);
    this.#use(key, place, known?.place === place && !this.#isOver(known) ? known : undefined);
    this.#forget();
  }

  /** What another worker has learned, or used. */
  hear([key, place, agoMs]: LearnedSession): void {
    const now = this.#now();
    this.#sessions.delete(key);
    this.#sessions.set(key, { place, usedMs: now - agoMs, toldMs: now });
    this.#forget();
  }

  /** All that is known, the oldest first. */
  *all(): Generator<LearnedSession> {
    const now = this.#now();
    for (const [key, session] of this.#sessions)
      if (!this.#isOver(session)) yield [key, session.place, Math.round(now - session.usedMs)];
  }

  get bounds(): LearnedBounds {
    return this.#bounds;
  }

  hasBounds({ size, ttlMs }: LearnedBounds): boolean {
    return size === this.#bounds.size && ttlMs === this.#bounds.ttlMs;
  }

  /** Takes over what another one knows, the newest if it is more than there is room for. */
  takeOver(before: LearnedSessions): void {
    for (const [key, session] of [...before.#sessions].slice(-this.#bounds.size))
      this.#sessions.set(key, session);
  }

  /** `known`: as others know it already, if they do. */
  #use(key: string, place: string, known: Session | undefined): void {
    const now = this.#now();
    const isNews = known === undefined || now - known.toldMs >= this.#bounds.ttlMs * TOLD_AGAIN;
    this.#sessions.delete(key);
    this.#sessions.set(key, { place, usedMs: now, toldMs: isNews ? now : known.toldMs });
    if (isNews) this.tell([key, place, 0]);
  }

  #forget(): void {
    for (const [oldest, session] of this.#sessions) {
      if (this.#sessions.size <= this.#bounds.size && !this.#isOver(session)) return;
      this.#sessions.delete(oldest);
    }
  }

  #isOver({ usedMs }: Session): boolean {
    return this.#now() - usedMs >= this.#bounds.ttlMs;
  }
}

function keyOf(value: string): string {
  return value.length <= LONGEST_PLAIN ? value : hash('sha256', value, 'base64url');
}
