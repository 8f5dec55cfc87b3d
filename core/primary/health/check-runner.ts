import type { Identity } from '../identity.ts';
import { DueQueue } from './due-queue.ts';
import { KeptConnections } from './kept-connections.ts';
import { quoted } from './probe.ts';
import type { CheckTarget, ProbeMeans, ProbeResult, RunningProbe, StartProbe } from './probe.ts';

/** A check that is made again and again. */
export interface RecurringCheck {
  readonly target: CheckTarget;
  /** Whether its results so far leave doubts: the next one is to be had over a new connection. */
  readonly isUnsettled: boolean;
  /** Takes the result and says after what time from its start the next one is due. */
  onResult(result: ProbeResult, durationMs: number): number;
}

/** Enough for 10,000 backends of which each takes all of its time, and not all file descriptors. */
const mostRunning = 2_000;
/** Each is a process. */
const mostCommands = 16;
/** That wait in the queue in vain, besides as many as there are checks. */
const mostOver = 1000;
/** Checks due within so long of each other begin together: the process wakes once for them. */
const tickMs = 5;

interface Entry {
  readonly check: RecurringCheck;
  running: RunningProbe | null;
  isOver: boolean;
}

/** Makes checks when they are due: one timer for all, no more at a time than the process can bear. */
export class CheckRunner {
  readonly #start: StartProbe;
  readonly #means: ProbeMeans;
  readonly #entries = new Map<RecurringCheck, Entry>();
  readonly #queue = new DueQueue<Entry>();
  /** Commands that are due while enough of them run. */
  readonly #commands: Entry[] = [];
  #running = 0;
  #runningCommands = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What the timer waits for. */
  #armedMs = Number.POSITIVE_INFINITY;

  constructor(start: StartProbe, identity: Identity | null) {
    this.#start = start;
    this.#means = { identity, connections: new KeptConnections() };
  }

  add(check: RecurringCheck, delayMs: number): void {
    const entry: Entry = { check, running: null, isOver: false };
    this.#entries.set(check, entry);
    this.#queue.add(entry, performance.now() + delayMs);
    this.#arm();
  }

  /** No result of it comes any more. */
  remove(check: RecurringCheck): void {
    const entry = this.#entries.get(check);
    if (entry === undefined) return;
    this.#entries.delete(check);
    entry.isOver = true;
    this.#means.connections.drop(check.target);
    // It leaves the queue when its time comes, or when there are too many such: addresses may come and go much sooner than that.
    if (this.#queue.size > 2 * this.#entries.size + mostOver) this.#queue.keepOnly(({ isOver }) => !isOver);
    if (entry.running === null) return;
    entry.running.cancel();
    this.#ended(entry);
  }

  close(): void {
    for (const entry of this.#entries.values()) {
      entry.isOver = true;
      entry.running?.cancel();
    }
    this.#entries.clear();
    this.#means.connections.close();
    clearTimeout(this.#timer);
  }

  #arm(): void {
    const { nextMs } = this.#queue;
    if (nextMs === null || this.#running >= mostRunning || nextMs >= this.#armedMs - tickMs) return;
    clearTimeout(this.#timer);
    this.#armedMs = nextMs;
    this.#timer = setTimeout(
      () => {
        this.#armedMs = Number.POSITIVE_INFINITY;
        this.#runDue();
      },
      Math.max(nextMs - performance.now(), tickMs),
    );
    this.#timer.unref();
  }

  #runDue(): void {
    const now = performance.now();
    while (this.#running < mostRunning) {
      const entry = this.#queue.takeDue(now);
      if (entry === undefined) break;
      if (entry.isOver) continue;
      if (isCommand(entry) && this.#runningCommands >= mostCommands) this.#commands.push(entry);
      else this.#run(entry);
    }
    this.#arm();
  }

  #run(entry: Entry): void {
    const { target, isUnsettled } = entry.check;
    if (isUnsettled) this.#means.connections.drop(target);
    const begun = performance.now();
    this.#running += 1;
    if (isCommand(entry)) this.#runningCommands += 1;
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer);
      if (entry.isOver || entry.running === null) return;
      this.#ended(entry);
      const ended = performance.now();
      const nextMs = entry.check.onResult(result, ended - begun);
      if (!entry.isOver) this.#queue.add(entry, Math.max(begun + nextMs, ended));
      this.#arm();
    };
    let probe: RunningProbe;
    try {
      probe = this.#start(target, finish, this.#means);
    } catch (error) {
      probe = IMPOSSIBLE;
      const why = error instanceof Error ? error.message : String(error);
      setImmediate(finish, { ok: null, reason: `cannot be checked: ${quoted(why)}` });
    }
    entry.running = probe;
    const timer = setTimeout(() => {
      // What came while this process was busy is still to be read: it was in time.
      setImmediate(() => {
        if (entry.running === probe) finish(probe.timeOut());
      });
    }, target.check.timeoutMs);
    timer.unref();
  }

  #ended(entry: Entry): void {
    entry.running = null;
    this.#running -= 1;
    if (isCommand(entry)) {
      this.#runningCommands -= 1;
      const next = this.#nextCommand();
      if (next !== undefined) this.#run(next);
    }
    this.#arm();
  }

  #nextCommand(): Entry | undefined {
    for (;;) {
      const next = this.#commands.shift();
      if (next === undefined || !next.isOver) return next;
    }
  }
}

/** A check that could not even be begun. */
const IMPOSSIBLE: RunningProbe = {
  timeOut: () => ({ ok: null, reason: 'cannot be checked' }),
  cancel: () => undefined,
};

function isCommand({ check }: Entry): boolean {
  return check.target.check.probe.type === 'command';
}
