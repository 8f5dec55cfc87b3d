import { BETWEEN_REQUESTS, createCallState, MAX_SLOTS, WORDS } from './call-state.ts';
import { WatchIsolate, type IsolateHandle } from './isolate.ts';
import { MAX_BATCH_MS } from './runtime/limits.ts';

/** Until it meets a call, the watchdog looks four times in a time limit: a call is noticed that late. */
const LOOKS_PER_LIMIT = 4;
const LONGEST_POLL_MS = 5;
/** Then it looks after half of the time that is left, so that the call ends in time and has the processor until then. */
const SHORTEST_POLL_MS = 0.5;
/** A wait that took longer than so many of its lengths was not the call's: the process, or this thread alone, had no processor. */
const MOST_PER_WAIT = 3;
/** A call that had the processor for so much of its time has used it: the rest is what every process waits now and then. */
const PROCESSOR_SHARE = 0.75;
/** Over so many time limits, a call is ended whatever it waited for. */
const STARVED_LIMITS = 10;
/** While the guard thread that is to measure a call waits for a processor itself, the main thread may have had one for so small a part of the time. */
const MOST_PER_PROCESSOR = 3;
/** So many looks without any call, and the watchdog sleeps until the next one. */
const LOOKS_UNTIL_SLEEP = 20;

/**
 * Ends rule isolates whose call lasts longer than its time limit. The loop is in an isolate of
 * isolated-vm, because only from inside one of its threads can an isolate be disposed of while the
 * main thread is stuck in it. A wait of the loop counts as long as it took, but no more than a few times
 * its length: a process that was stopped or throttled as a whole has used no time. And where the main thread
 * alone had to wait for a processor in the midst of a call, which is no fault of the script's, the
 * guard thread (the only one that can see that) says how much of one it had. The time is that of the whole call:
 * a script that gets hold of the runtime may tell of as many further requests as it likes.
 */
const LOOP = `
'use strict';
const words = new Int32Array(buffer);
const isolates = [];
function assign(slot, isolate) { isolates[slot] = isolate; }
function loop(command) {
  // None: a call that began before this run of the loop did is one to be noticed, with the time that it has had already.
  let watched = 0;
  /** Milliseconds: of the call, of it when it became suspect, and of the last wait. */
  let lasted = 0;
  let unmeasured = 0;
  let wait = 0;
  let lookedAt = Date.now();
  let quiet = 0;
  let poll = ${LONGEST_POLL_MS};
  for (const slot in isolates) {
    if (isolates[slot] !== undefined) poll = Math.min(poll, words[${WORDS.limits} + Number(slot)] / ${LOOKS_PER_LIMIT});
  }
  for (;;) {
    if (Atomics.load(words, ${WORDS.command}) !== command) return;
    const call = Atomics.load(words, ${WORDS.call});
    const sequence = Atomics.load(words, ${WORDS.sequence});
    const now = Date.now();
    if (call !== watched) {
      watched = call;
      lasted = Math.min((now - Atomics.load(words, ${WORDS.began})) & 0x7fffffff, poll * ${MOST_PER_WAIT});
      quiet = 0;
    } else {
      lasted += Math.min(Math.max(0, now - lookedAt), wait * ${MOST_PER_WAIT});
    }
    lookedAt = now;
    wait = poll;
    if ((sequence & 1) === 1) {
      const slot = Atomics.load(words, ${WORDS.slot});
      const limit = words[${WORDS.limits} + slot];
      if (lasted > 0 && Atomics.load(words, ${WORDS.suspect}) !== call) {
        unmeasured = lasted;
        Atomics.store(words, ${WORDS.suspect}, call);
        Atomics.store(words, ${WORDS.guardAsleep}, 0);
        Atomics.notify(words, ${WORDS.guardAsleep});
      }
      const measured = Atomics.load(words, ${WORDS.measured}) === call;
      const used = measured ? unmeasured + Atomics.load(words, ${WORDS.processorUs}) / 1000 : lasted / ${MOST_PER_PROCESSOR};
      const allowed = limit + (sequence === call ? 0 : ${MAX_BATCH_MS});
      const enough = measured ? allowed * ${PROCESSOR_SHARE} : allowed;
      wait = Math.min(poll, Math.max(${SHORTEST_POLL_MS}, Math.max(allowed - lasted, enough - used) / 2));
      const isOver = lasted >= allowed && (used >= enough || lasted >= limit * ${STARVED_LIMITS});
      // SEQUENCE first: one of a later call comes with a later CALL.
      const reached = Atomics.load(words, ${WORDS.sequence});
      if (isOver && (reached & 1) === 1 && Atomics.load(words, ${WORDS.call}) === call) {
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
    Atomics.wait(words, ${WORDS.watchdogAsleep}, 0, wait);
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

  remove(slot: number, isolate: IsolateHandle): void {
    // One that was ended is in the loop's way no more, and the requests that waited for that need not wait for the loop.
    if (!isolate.isDisposed) this.#assign(slot, undefined);
    this.#free.push(slot);
  }

  begin(slot: number): void {
    const { words } = this;
    Atomics.store(words, WORDS.slot, slot);
    this.#began = (Atomics.load(words, WORDS.sequence) + 1) | 0;
    Atomics.store(words, WORDS.call, this.#began);
    Atomics.store(words, WORDS.began, Date.now() & 0x7fffffff);
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
