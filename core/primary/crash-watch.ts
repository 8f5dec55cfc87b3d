import type { WorkerExit } from './worker-process.ts';

/** How long after an unexplained crash new workers name each rule script before they call it. */
export const traceForMs = 60_000;

/** Signals by which V8 or Node end their own process. SIGKILL is not one of them: the system or an operator sends it too. */
const crashSignals: ReadonlySet<string> = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGSEGV', 'SIGBUS']);

/**
 * Reads from a worker's end which script it died of. A guard thread names the script before it kills its
 * process. V8 aborts without a word; after that, workers are traced for a while. Pure.
 */
export class CrashWatch {
  #traceUntil = 0;

  /** The id of the script to blame, or null. */
  blame(exit: WorkerExit, now: number): string | null {
    const crashed = exit.signal !== null && crashSignals.has(exit.signal);
    if (crashed && exit.lastRuleId === null) this.#traceUntil = now + traceForMs;
    // A traced worker names every script that it calls: that means nothing unless it crashed, or its guard
    // (or whoever else sends SIGKILL while workers are traced) ended it.
    return crashed || exit.signal === 'SIGKILL' ? exit.lastRuleId : null;
  }

  tracing(now: number): boolean {
    return now < this.#traceUntil;
  }
}
