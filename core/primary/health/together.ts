/** Checks due within so long of each other begin together. */
export const tickMs = 5;
/** With longer intervals within so long: a check among many costs less than one that the process wakes for. */
const longestTickMs = 40;
/** Of the time to the next check; less than what `jitter` makes of it by default. */
const tickShare = 0.01;

/** When a check that is due then, `waitMs` after its last one, begins: with others that are due at about that time. */
export function together(dueMs: number, waitMs: number): number {
  // Each tick is twice the last one, so that the moments of longer ones are moments of the shorter ones, too.
  let tick = tickMs;
  while (tick < longestTickMs && 2 * tick <= waitMs * tickShare) tick *= 2;
  return Math.round(dueMs / tick) * tick;
}
