import type { Backend } from './backend.ts';

/** A backend without any traffic shows nothing of what it can do, nor warms up. */
const LEAST_SHARE = 0.1;

/** In how many steps a share grows, and how long one of them is at least. */
const STEPS = 50;
const SHORTEST_STEP_MS = 100;

/**
 * Gives each backend the share of its weight that it has at `nowMs`, by how long it has taken requests
 * without a break; also where there is no slow start (null), so that a reload which brings one begins with none.
 * @returns when to call it again, if nothing else changes
 */
export function advanceSlowStarts(
  backends: readonly Backend[],
  durationMs: number | null,
  nowMs: number,
): number {
  let isSlow = false;
  for (const backend of backends) {
    const { runtime } = backend;
    if (!backend.takesRequests || backend.isEjected) runtime.takesRequestsSinceMs = null;
    else runtime.takesRequestsSinceMs ??= nowMs;
    const share = shareAfter(nowMs - (runtime.takesRequestsSinceMs ?? nowMs), durationMs);
    if (share !== backend.slowStartShare) backend.slowStartShare = share;
    if (share < 1 && runtime.takesRequestsSinceMs !== null) isSlow = true;
  }
  return isSlow && durationMs !== null
    ? nowMs + Math.max(SHORTEST_STEP_MS, durationMs / STEPS)
    : Number.POSITIVE_INFINITY;
}

function shareAfter(tookMs: number, durationMs: number | null): number {
  return durationMs === null ? 1 : Math.min(1, Math.max(LEAST_SHARE, tookMs / durationMs));
}
