import { BETWEEN_REQUESTS, createCallState, MAX_SLOTS, WORDS } from './call-state.ts';
import { WatchIsolate, type IsolateHandle } from './isolate.ts';
import { MAX_BATCH_MS } from './runtime/limits.ts';

/** How long a call has lasted is known this exactly: the watchdog looks four times in a time limit. */
const LOOKS_PER_LIMIT = 4;
const LONGEST_POLL_MS = 5;
/** A call that is over its time has used this part of the limit at least since the second look at it; if not, it was kept waiting for a processor. */
const LEAST_PROCESSOR_SHARE = 3 / 4;
/** Over so many time limits, a call is ended whatever it waited for. */
const STARVED_LIMITS = 10;
/** So many looks without any call, and the watchdog sleeps until the next one. */
const LOOKS_UNTIL_SLEEP = 20;

/**
 * Ends rule isolates whose call lasts longer than its time limit. The loop is in an isolate of
 * isolated-vm, because only from inside one of its threads can an isolate be disposed of while the
 * main thread is stuck in it. Time is counted in the loop's own waits and never by the clock: a
 * process that was stopped or throttled as a whole has used none of it. And where the main thread
 * alone had to wait for a processor in the midst of a call, which is no fault of the script's, the
 * guard thread (the only one that can see that) says so. The waits are those of the whole call:
 * a script that gets hold of the runtime may tell of as many further requests as it likes.
 */
const LOOP = `
'use strict';
const words = new Int32Array(buffer);
const isolates = [];
function assign(slot, isolate) { isolates[slot] = isolate; }
function loop(command) {
  let watched = Atomics.load(words, ${WORDS.call});
  let waited = 0;
  let quiet = 0;
  let poll = ${LONGEST_POLL_MS};
  for (const slot in isolates) {
    if (isolates[slot] !== undefined) poll = Math.min(poll, words[${WORDS.limits} + Number(slot)] / ${LOOKS_PER_LIMIT});
  }
  for (;;) {
    if (Atomics.load(words, ${WORDS.command}) !== command) return;
    const call = Atomics.load(words, ${WORDS.call});
    const sequence = Atomics.load(words, ${WORDS.sequence});
    if (call !== watched) {
      watched = call;
      waited = 0;
      quiet = 0;
    }
    if ((sequence & 1) === 1) {
      const slot = Atomics.load(words, ${WORDS.slot});
      const limit = words[${WORDS.limits} + slot];
      if (waited > 0 && Atomics.load(words, ${WORDS.suspect}) !== call) {
        Atomics.store(words, ${WORDS.suspect}, call);
        Atomics.store(words, ${WORDS.guardAsleep}, 0);
        Atomics.notify(words, ${WORDS.guardAsleep});
      }
      const starved = Atomics.load(words, ${WORDS.measured}) === call
        && Atomics.load(words, ${WORDS.processorUs}) < limit * 1000 * ${LEAST_PROCESSOR_SHARE};
      // One look more than the limit: V8 optimizes a handler in the midst of a call, once, which takes milliseconds.
      const allowed = (starved ? limit * ${STARVED_LIMITS} : limit + poll) + (sequence === call ? 0 : ${MAX_BATCH_MS});
      // SEQUENCE first: one of a later call comes with a later CALL.
      const reached = Atomics.load(words, ${WORDS.sequence});
      if (waited >= allowed && (reached & 1) === 1 && Atomics.load(words, ${WORDS.call}) === call) {
        Atomics.store(words, ${WORDS.ended}, reached);
        const isolate = isolates[slot];
        isolates[slot] = undefined;
        if (isolate !== undefined) isolate.dispose();
      }
    } else if (++quiet > ${LOOKS_UNTIL_SLEEP}) {
      Atomics.store(words, ${WORDS.watchdogAsleep}, 1);
      if (Atomics.load(words, ${WORDS.sequence}) === sequence && Atomics.load(words, ${WORDS.command}) === command) {
        Atomics.wait(words, ${WORDS.watchdogAsleep}, 1);
      }
      Atomics.store(words, ${WORDS.watchdogAsleep}, 0);
      quiet = 0;
      continue;
    }
    if (Atomics.wait(words, ${WORDS.watchdogAsleep}, 0, poll) === 'timed-out') waited += poll;
  }
}`;

/** One for all rule isolates of a process. */
export class Watchdog {
  /** Shared with the guard thread. */
  readonly words = createCallState();
  readonly #isolate = new WatchIsolate(LOOP, this.words);
  /** The index of the request that the last call came to, or was ended in; as the script's isolate has it, so not to be relied on. */
  reached = 0;
  #began = 0;
  readonly #free: number[] = [];
  readonly #closeAtExit = (): void => this.close();
  #slots = 0;
  #closed = false;

  constructor() {
    // isolated-vm waits for its threads before it lets the process end, also after an uncaught exception.
    process.once('exit', this.#closeAtExit);
    this.#run();
  }

  /** Watches an isolate; the slot is the name for its calls. `limitMs`: whole, at least 1. */
  add(isolate: IsolateHandle, limitMs: number): number {
    const slot = this.#free.pop() ?? this.#slots++;
    if (slot >= MAX_SLOTS) throw new RangeError(`more than ${MAX_SLOTS} rule isolates in one process`);
    Atomics.store(this.words, WORDS.limits + slot, Math.max(1, Math.ceil(limitMs)));
    this.#assign(slot, isolate);
    return slot;
  }

  remove(slot: number): void {
    this.#assign(slot, undefined);
    this.#free.push(slot);
  }

  begin(slot: number): void {
    const { words } = this;
    Atomics.store(words, WORDS.slot, slot);
    this.#began = (Atomics.load(words, WORDS.sequence) + 1) | 0;
    Atomics.store(words, WORDS.call, this.#began);
    Atomics.add(words, WORDS.sequence, 1);
    if (Atomics.load(words, WORDS.watchdogAsleep) === 1) this.#wake(WORDS.watchdogAsleep);
    if (Atomics.load(words, WORDS.guardAsleep) === 1) this.#wake(WORDS.guardAsleep);
  }

  /** Returns whether the watchdog ended this call, in the midst of the request `reached`. */
  end(): boolean {
    const steps = this.#stepsTo(Atomics.add(this.words, WORDS.sequence, 1));
    // It may have come to another request before its isolate was disposed of.
    const stepsToEnded = this.#stepsTo(Atomics.load(this.words, WORDS.ended));
    const isOvertime = stepsToEnded >= 0 && stepsToEnded <= steps;
    this.reached = (isOvertime ? stepsToEnded : steps) / BETWEEN_REQUESTS;
    return isOvertime;
  }

  /** From the beginning of this call; both numbers wrap around. */
  #stepsTo(sequence: number): number {
    return (sequence - this.#began) | 0;
  }

  close(): void {
    this.#closed = true;
    process.removeListener('exit', this.#closeAtExit);
    this.#stop();
    this.#isolate.dispose();
  }

  #assign(slot: number, isolate: IsolateHandle | undefined): void {
    this.#stop();
    this.#isolate.assign(slot, isolate);
    this.#run();
  }

  #stop(): void {
    Atomics.add(this.words, WORDS.command, 1);
    Atomics.store(this.words, WORDS.watchdogAsleep, 0);
    Atomics.notify(this.words, WORDS.watchdogAsleep);
  }

  #wake(word: number): void {
    Atomics.store(this.words, word, 0);
    Atomics.notify(this.words, word);
  }

  #run(): void {
    // With the command that it obeys: this run may begin only after the next one was given, and must end then.
    this.#isolate.loop(Atomics.load(this.words, WORDS.command)).catch((error: unknown) => {
      // Without its watchdog the process must not go on running rules.
      if (!this.#closed)
        queueMicrotask(() => {
          throw error;
        });
    });
  }
}
