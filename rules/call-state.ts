/**
 * The words (Int32) that the main thread, the watchdog isolate and the guard thread share. The main
 * thread writes SLOT and an odd SEQUENCE before a call into a rule isolate and an even one after it;
 * the others watch whether the same odd number stays.
 */
export const WORDS = {
  sequence: 0,
  slot: 1,
  /** 1 while the watchdog sleeps without a timeout; set to 0 to wake it. */
  watchdogAsleep: 2,
  /** Counts up when the watchdog shall leave its loop to be given other isolates. */
  command: 3,
  guardAsleep: 4,
  /** The sequence number of the call that the watchdog ended last. */
  ended: 5,
  /** The sequence number of a call that has lasted for a while: the guard measures the processor time since then… */
  suspect: 6,
  /** …of the main thread in this call… */
  measured: 7,
  /** …in microseconds. */
  processorUs: 8,
  /** Time limits in ms, by slot. */
  limits: 16,
} as const;

export const MAX_SLOTS = 1024;

export function createCallState(): Int32Array {
  return new Int32Array(new SharedArrayBuffer((WORDS.limits + MAX_SLOTS) * Int32Array.BYTES_PER_ELEMENT));
}
