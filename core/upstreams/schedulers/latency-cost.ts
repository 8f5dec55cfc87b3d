import type { Backend } from '../backend.ts';

/** Milliseconds of some clock; the one of `performance.now()`, unless a test has its own. */
export type Clock = () => number;

/**
 * What a request would cost at a backend: the latency that it has shown, once for the request itself and once for each
 * that is under way before it, for its weight. A backend of which nothing is known is tried with one request at a time.
 */
export function latencyCost({ runtime, weight }: Backend, latencyMs: number): number {
  if (latencyMs === 0) return runtime.inFlight === 0 ? 0 : Number.POSITIVE_INFINITY;
  return (latencyMs * (runtime.inFlight + 1)) / weight;
}

/** The candidate with the lowest cost. `from`: where to begin, so that equal ones take turns. */
export function cheapest(
  candidates: readonly Backend[],
  from: number,
  costOf: (backend: Backend) => number,
  tried?: readonly Backend[],
): Backend | undefined {
  let picked: Backend | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < candidates.length; i++) {
    const backend = candidates[(from + i) % candidates.length];
    if (backend === undefined || backend.weight <= 0) continue;
    if (tried !== undefined && tried.includes(backend)) continue;
    const cost = costOf(backend);
    if (picked !== undefined && cost >= least) continue;
    picked = backend;
    least = cost;
  }
  return picked;
}
