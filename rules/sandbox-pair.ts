import type { Guard } from './guard.ts';
import { Sandbox, type SandboxSource } from './isolate.ts';
import type { Watchdog } from './watchdog.ts';

/** For a script to run its top level. */
export const LOAD_LIMIT_MS = 1000;
/** After a load that failed, until the next one. */
const LOAD_PAUSE_MS = 1000;
/** Until a spare is begun where one is in service: creating an isolate takes milliseconds of the main thread, and the requests that waited for a fault come first. */
const SPARE_DELAY_MS = 10;
/** Two of them over the limit, so that a process that was stopped for a while hears of its success first. */
const OVERDUE_MS = 500;

/** A sandbox under the watchdog's eyes. */
export interface Armed {
  readonly sandbox: Sandbox;
  readonly slot: number;
}

interface Watchers {
  readonly watchdog: Watchdog;
  readonly guard: Guard;
  /** Loads under way: a process that exits in the midst of one crashes. */
  readonly loading: Set<Promise<unknown>>;
}

/** Loads off the main thread. Ends the process (`onLost`) when the top level is one that not even V8 can end (see `guard-thread.ts`): it has taken its thread for good. */
export async function loadSandbox(source: SandboxSource): Promise<Sandbox> {
  let timer = setTimeout(() => {
    timer = setTimeout(source.onLost, OVERDUE_MS);
  }, LOAD_LIMIT_MS + OVERDUE_MS);
  try {
    return await Sandbox.load(source, LOAD_LIMIT_MS);
  } finally {
    clearTimeout(timer);
  }
}

export interface SandboxPairEvents {
  /** The script did not load again as it did before. */
  onLoadError(error: unknown): void;
  /** Well or not. */
  onLoadEnded(): void;
}

/** The isolate that serves a script, and a second, loaded one that takes over the moment the first is given up. */
export class SandboxPair {
  readonly #source: SandboxSource;
  readonly #ruleId: string;
  readonly #timeLimitMs: number;
  readonly #watchers: Watchers;
  readonly #events: SandboxPairEvents;
  #loads = 0;
  /** A load that waits to be begun. */
  #delayed: NodeJS.Timeout | null = null;
  #current: Armed | null;
  #spare: Armed | null = null;
  /** When the last load failed; null when it went well. */
  #failedMs: number | null = null;
  #released = false;

  constructor(
    source: SandboxSource,
    first: Sandbox,
    rule: { readonly id: string; readonly timeLimitMs: number },
    watchers: Watchers,
    events: SandboxPairEvents,
  ) {
    this.#source = source;
    this.#ruleId = rule.id;
    this.#timeLimitMs = rule.timeLimitMs;
    this.#watchers = watchers;
    this.#events = events;
    this.#current = this.#arm(first);
    this.#prepareSpare();
  }

  /** Whether there is none for the next call yet, but one on its way. One that failed the last time is not waited for. */
  get isLoading(): boolean {
    return this.#current === null && this.#loads > 0 && this.#failedMs === null;
  }

  /** The isolate for the next call. Null when it is released, and when the script does not load again. */
  take(): Armed | null {
    if (this.#current !== null || this.#released) return this.#current;
    // One that ran to its limit would hold up the main thread that long, call after call.
    if (this.#failedMs !== null) {
      if (this.#loads === 0 && performance.now() >= this.#failedMs + LOAD_PAUSE_MS) this.#prepareSpare();
      return null;
    }
    // Two faults so close together that the spare was not ready: the caller waits for a third.
    try {
      this.#current = this.#arm(Sandbox.loadNow(this.#source, LOAD_LIMIT_MS));
    } catch (error) {
      this.#onLoadError(error);
    }
    return this.#current;
  }

  /** Whether the isolate in service holds more than this, garbage not counted. */
  isOver(bytes: number): boolean {
    return this.#current !== null && this.#current.sandbox.isOver(bytes);
  }

  /** Ends the isolate in service; the spare takes over. */
  giveUp(): void {
    if (this.#current !== null) this.#disarm(this.#current);
    this.#current = this.#spare;
    this.#spare = null;
    // An isolate has served since.
    this.#failedMs = null;
    if (this.#delayed === null) return this.#prepareSpare();
    // The spare that is wanted now was not even begun.
    clearTimeout(this.#delayed);
    this.#delayed = null;
    setImmediate(() => this.#load());
  }

  release(): void {
    this.#released = true;
    if (this.#current !== null) this.#disarm(this.#current);
    if (this.#spare !== null) this.#disarm(this.#spare);
    this.#current = null;
    this.#spare = null;
  }

  #arm(sandbox: Sandbox): Armed {
    const slot = this.#watchers.watchdog.add(sandbox.isolate, this.#timeLimitMs);
    this.#watchers.guard.assign(slot, this.#ruleId);
    return { sandbox, slot };
  }

  #disarm(armed: Armed): void {
    this.#watchers.watchdog.remove(armed.slot, armed.sandbox.isolate);
    armed.sandbox.dispose();
  }

  #prepareSpare(): void {
    this.#loads += 1;
    if (this.#current === null) setImmediate(() => this.#load());
    else this.#delayed = setTimeout(() => this.#load(), SPARE_DELAY_MS);
  }

  #load(): void {
    this.#delayed = null;
    if (this.#released) {
      this.#loads -= 1;
      this.#events.onLoadEnded();
      return;
    }
    const { loading } = this.#watchers;
    const loaded = loadSandbox(this.#source).then(
      (sandbox) => this.#onLoaded(sandbox),
      (error: unknown) => {
        this.#loads -= 1;
        this.#onLoadError(error);
      },
    );
    loading.add(loaded);
    void loaded.finally(() => {
      loading.delete(loaded);
      this.#events.onLoadEnded();
    });
  }

  #onLoadError(error: unknown): void {
    this.#failedMs = performance.now();
    this.#events.onLoadError(error);
  }

  #onLoaded(sandbox: Sandbox): void {
    this.#loads -= 1;
    this.#failedMs = null;
    if (this.#released || this.#spare !== null) sandbox.dispose();
    else if (this.#current !== null) this.#spare = this.#arm(sandbox);
    else {
      this.#current = this.#arm(sandbox);
      this.#prepareSpare();
    }
  }
}
