import type { LearnedNews, LearnedSession } from '../shared/sticky-types.ts';

/** Clients can make backends begin sessions as fast as they can ask. What is above it stays unknown to other workers. */
const MOST_PER_SECOND = 10_000;

/** Collects what a turn of the event loop has learned of clients, and sends it at its end, for each upstream in one go. */
export class SessionNews {
  readonly #send: (news: LearnedNews) => void;
  /** By upstream and cookie. */
  readonly #waiting = new Map<string, { readonly news: LearnedNews; readonly sessions: LearnedSession[] }>();
  readonly #now: () => number;
  #second = 0;
  #left = MOST_PER_SECOND;

  /** `now`: in ms, as performance.now(). */
  constructor(send: (news: LearnedNews) => void, now: () => number = () => performance.now()) {
    this.#send = send;
    this.#now = now;
  }

  add(news: LearnedNews): void {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) this.#left = MOST_PER_SECOND;
    this.#second = second;
    this.#left -= news.sessions.length;
    if (this.#left < 0) return;
    if (this.#waiting.size === 0) setImmediate(() => this.#flush());
    const table = `${news.upstream}\0${news.cookie}`;
    let waiting = this.#waiting.get(table);
    if (waiting === undefined) this.#waiting.set(table, (waiting = { news, sessions: [] }));
    waiting.sessions.push(...news.sessions);
  }

  #flush(): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { news, sessions } of all) this.#send({ ...news, sessions });
  }
}
