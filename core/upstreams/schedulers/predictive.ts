import type { ObservedLatency } from '../observed-latency.ts';
import { Observed } from './observed.ts';

/**
 * As `observed`, and with the trend: a backend whose last second was slower than its last ten is expected to
 * get slower still, by as much again, and one that recovers to go on recovering.
 */
export class Predictive extends Observed {
  protected override expectedMs(observed: ObservedLatency, now: number): number {
    return super.expectedMs(observed, now) * observed.trend(now);
  }
}
