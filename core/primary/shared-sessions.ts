import type { Config, UpstreamConfig } from '../shared/config-types.ts';
import { LearnedSessions } from '../shared/learned-sessions.ts';
import type { LearnedBounds, LearnedNews } from '../shared/sticky-types.ts';
import type { WorkerProcess } from './worker-process.ts';

/** So many in one message: a worker that comes up hears of a hundred thousand, and is not held up by all at once. */
const IN_ONE_MESSAGE = 2000;

/** Passes on what workers learn of sticky clients, and keeps it within the bounds of the config for those to come. */
export class SharedSessions {
  readonly #config: () => Config | null;
  readonly #workers = new Set<WorkerProcess>();
  readonly #tables = new Map<string, Table>();

  /** `config`: the live one; null before the first. */
  constructor(config: () => Config | null) {
    this.#config = config;
  }

  /** A worker that is to serve, before it is asked to prepare anything. */
  attach(worker: WorkerProcess): void {
    worker.onMessage((message) => {
      if (message.type === 'sticky-sessions') this.#take(worker, message.news);
      // It has tables by now, and no client yet: what follows is there before its first one.
      else if (message.type === 'prepared' && !this.#workers.has(worker)) this.#brief(worker);
    });
    void worker.exited.then(() => this.#workers.delete(worker));
  }

  #brief(worker: WorkerProcess): void {
    this.#workers.add(worker);
    this.#forgetOld();
    for (const { upstream, cookie, sessions } of this.#tables.values()) {
      const all = [...sessions.all()];
      for (let at = 0; at < all.length; at += IN_ONE_MESSAGE)
        send(worker, { upstream, cookie, sessions: all.slice(at, at + IN_ONE_MESSAGE) });
    }
  }

  #take(from: WorkerProcess, news: LearnedNews): void {
    const table = this.#tableFor(news);
    if (table === null) return;
    for (const session of news.sessions) table.sessions.hear(session);
    for (const worker of this.#workers) if (worker !== from) send(worker, news);
  }

  #tableFor({ upstream, cookie }: LearnedNews): Table | null {
    const name = `${upstream}\0${cookie}`;
    const bounds = this.#boundsOf(upstream, cookie);
    const known = this.#tables.get(name);
    if (bounds === null) return null;
    if (known?.sessions.hasBounds(bounds) === true) return known;
    this.#forgetOld();
    const sessions = new LearnedSessions(bounds);
    if (known !== undefined) sessions.takeOver(known.sessions);
    const table = { upstream, cookie, sessions };
    this.#tables.set(name, table);
    return table;
  }

  /** Tables of upstreams that the config has no more, or not in this way. */
  #forgetOld(): void {
    for (const [name, { upstream, cookie }] of this.#tables)
      if (this.#boundsOf(upstream, cookie) === null) this.#tables.delete(name);
  }

  #boundsOf(upstream: string, cookie: string): LearnedBounds | null {
    return boundsOf(
      this.#config()?.upstreams.find(({ name }) => name === upstream),
      cookie,
    );
  }
}

interface Table {
  readonly upstream: string;
  readonly cookie: string;
  readonly sessions: LearnedSessions;
}

function boundsOf(upstream: UpstreamConfig | undefined, cookie: string): LearnedBounds | null {
  const sticky = upstream?.sticky ?? null;
  if (sticky === null || sticky.type === 'cookie') return null;
  if (sticky.type === 'source') return cookie === '' ? sticky : null;
  return sticky.prefix === null && sticky.name === cookie ? sticky : null;
}

function send(worker: WorkerProcess, news: LearnedNews): void {
  worker.send({ type: 'sticky-sessions', news });
}
