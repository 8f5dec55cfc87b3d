import { backgroundWorkOver, watchBackgroundWork } from './background-work.ts';

/** A clock that moves when a test says so, once all is done that there is to do, with sleepers that wake when their time has come. */
export class FakeClock {
  #now: number;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  constructor(now = Date.now()) {
    this.#now = now;
    watchBackgroundWork();
  }

  readonly now = (): number => this.#now;

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper = { at: this.#now + ms, wake: resolve };
    this.#sleepers.add(sleeper);
    const end = (): void => {
      this.#sleepers.delete(sleeper);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return promise;
  };

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** At once, as when the machine slept: all whose time has come meanwhile wake at the end. */
  async jump(ms: number): Promise<void> {
    await backgroundWorkOver();
    this.#now += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.at > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await backgroundWorkOver();
  }

  /** To an earlier time. Timers count on: they do not see what a clock is set to. */
  async setBack(ms: number): Promise<void> {
    await backgroundWorkOver();
    this.#now -= ms;
    const sleepers = [...this.#sleepers];
    this.#sleepers.clear();
    for (const { at, wake } of sleepers) this.#sleepers.add({ at: at - ms, wake });
  }

  /** Step by step from one sleeper to the next, so that none of them sees a later time than it slept for. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await backgroundWorkOver();
      const [next] = [...this.#sleepers].toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#now = end;
    await backgroundWorkOver();
  }
}
