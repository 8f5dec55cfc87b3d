import { LatencyHistogram } from '../../shared/latency-histogram.ts';

/** What became of those who had to wait for a backend of an upstream. */
export class QueueCounters {
  waiting = 0;
  /** Those who got a place. */
  served = 0;
  /** Turned away since the queue was full. */
  refused = 0;
  timedOut = 0;
  /** How long those who got a place had waited, in ms. */
  readonly waits = new LatencyHistogram();
}
