import { openSync, readSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { WORDS } from './call-state.ts';
import { dieOf } from './last-words.ts';

/**
 * The last resort: V8's C++ built-ins (`new Array(1e9).fill(0)`) look at no interrupt, so the
 * watchdog cannot end them, and a heap that V8 gave up on parks its thread. This thread ends the
 * process then; the primary replaces it and knows by the last words which script it was.
 */
/** From when the watchdog has ended the call. */
const GRACE_MS = 200;
const POLL_MS = 25;
/** While a call is suspect: half of the time that it has left, but no shorter. */
const SHORTEST_MEASURE_MS = 0.5;
const LOOKS_UNTIL_SLEEP = 20;

const data = z.object({ words: z.instanceof(Int32Array), lastWords: z.boolean() }).parse(workerData);
const assignment = z.object({ message: z.object({ slot: z.number(), ruleId: z.string() }) });
const ruleIds = new Map<number, string>();

function watch(words: Int32Array, lastWords: boolean): void {
  let watched = Atomics.load(words, WORDS.call);
  let waitedMs = 0;
  let quiet = 0;
  for (;;) {
    const call = Atomics.load(words, WORDS.call);
    const sequence = Atomics.load(words, WORDS.sequence);
    if (call !== watched) {
      watched = call;
      waitedMs = 0;
      quiet = 0;
    }
    if ((sequence & 1) === 1) {
      if (Atomics.load(words, WORDS.ended) !== sequence) waitedMs = 0;
      else if (waitedMs >= GRACE_MS) {
        takeAssignments();
        dieOf(ruleIds.get(Atomics.load(words, WORDS.slot)) ?? '', lastWords);
      }
    } else if (++quiet > LOOKS_UNTIL_SLEEP) {
      takeAssignments();
      Atomics.store(words, WORDS.guardAsleep, 1);
      if (Atomics.load(words, WORDS.sequence) === sequence) Atomics.wait(words, WORDS.guardAsleep, 1);
      Atomics.store(words, WORDS.guardAsleep, 0);
      quiet = 0;
      continue;
    }
    const isMeasured = (sequence & 1) === 1 && measure(words, call);
    const pollMs = isMeasured ? untilNextMeasurementMs(words) : POLL_MS;
    if (Atomics.wait(words, WORDS.guardAsleep, 0, pollMs) === 'timed-out') waitedMs += pollMs;
  }
}

let usedAtStart = 0;

/** Tells the watchdog how much processor time the main thread had since it suspected this call; false when it does not. */
function measure(words: Int32Array, call: number): boolean {
  if (Atomics.load(words, WORDS.suspect) !== call) return false;
  if (Atomics.load(words, WORDS.measured) === call) {
    Atomics.store(words, WORDS.processorUs, mainThreadUs() - usedAtStart);
  } else {
    usedAtStart = mainThreadUs();
    Atomics.store(words, WORDS.processorUs, 0);
    Atomics.store(words, WORDS.measured, call);
  }
  return true;
}

function untilNextMeasurementMs(words: Int32Array): number {
  const limitMs = Atomics.load(words, WORDS.limits + Atomics.load(words, WORDS.slot));
  return Math.max(SHORTEST_MEASURE_MS, (limitMs - Atomics.load(words, WORDS.processorUs) / 1000) / 2);
}

const schedulerStatistics = openSchedulerStatistics();
const text = Buffer.alloc(64);

/** Linux counts it by thread (the first has the process's number); elsewhere the whole process's is all that Node tells. */
function openSchedulerStatistics(): number | null {
  try {
    return openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    return null;
  }
}

function mainThreadUs(): number {
  if (schedulerStatistics !== null) {
    const length = readSync(schedulerStatistics, text, 0, text.length, 0);
    const nanoseconds = Number.parseInt(text.toString('latin1', 0, length), 10);
    // Zero where the kernel does not count.
    if (nanoseconds > 0) return Math.floor(nanoseconds / 1000);
  }
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The thread never returns to its event loop, so it fetches its messages itself. */
function takeAssignments(): void {
  if (parentPort === null) return;
  for (let next = assignment.safeParse(receiveMessageOnPort(parentPort)); next.success;) {
    ruleIds.set(next.data.message.slot, next.data.message.ruleId);
    next = assignment.safeParse(receiveMessageOnPort(parentPort));
  }
}

watch(data.words, data.lastWords);
