/**
 * When to replace a worker that died. Pure. The first deaths are replaced at once, so that a
 * kill costs nobody more than a moment; one that keeps dying young waits longer each time.
 */
export interface Backoff {
  /** Deaths in a row of workers that did not live for `settledMs`. */
  readonly earlyDeaths: number;
}

export const initialBackoff: Backoff = { earlyDeaths: 0 };

/** A worker that lived this long clears the count. */
export const settledMs = 10_000;
const promptReplacements = 3;
const firstDelayMs = 100;
const longestDelayMs = 10_000;

/** The state after a death and the wait before the replacement starts. */
export function afterDeath(
  state: Backoff,
  livedMs: number,
): { readonly state: Backoff; readonly delayMs: number } {
  if (livedMs >= settledMs) return { state: initialBackoff, delayMs: 0 };
  const earlyDeaths = state.earlyDeaths + 1;
  const waits = earlyDeaths - promptReplacements;
  const delayMs = waits <= 0 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** (waits - 1));
  return { state: { earlyDeaths }, delayMs };
}
