/**
 * The words (Int32) that the main thread, the watchdog isolate and the guard thread share. The main
 * thread writes SLOT, CALL and an odd SEQUENCE before a call into a rule isolate and an even one after
 * it; the isolate goes on to the next odd one between two requests of a call. SEQUENCE says only which
 * request it is, since the isolate moves it; how long a call lasts is told by CALL, which stays.
 */
export const WORDS = {
  sequence: 0,
  slot: 1,
  /** 1 while the watchdog sleeps without a timeout; set to 0 to wake it. */
  watchdogAsleep: 2,
  /** Counts up when the watchdog shall leave its loop to be given other isolates. */
  command: 3,
  guardAsleep: 4,
  /** The sequence number of the request that the watchdog ended last. */
  ended: 5,
  /** The CALL that has lasted for a while: the guard measures the processor time since then… */
  suspect: 6,
  /** …of the main thread in this call… */
  measured: 7,
  /** …in microseconds. */
  processorUs: 8,
  /** The sequence number with which the call began… */
  call: 9,
  /** …and when: the low 31 bits of Date.now(). */
  began: 10,
  /** Time limits in ms, by slot. */
  limits: 16,
} as const;

/** The next odd SEQUENCE. */
export const BETWEEN_REQUESTS = 2;

/** In one call. */
export const MAX_REQUESTS = 64;

export const MAX_SLOTS = 1024;

export function createCallState(): Int32Array {
  return new Int32Array(new SharedArrayBuffer((WORDS.limits + MAX_SLOTS) * Int32Array.BYTES_PER_ELEMENT));
}
