import type { PassiveHealthConfig } from '../shared/health-types.ts';
import type { BackendRuntime } from './backend.ts';
import type { Ejection } from './health.ts';

/**
 * What befalls the requests of this worker, told to the backends' passive health; and the ends of
 * ejections. `now`: of performance.now(). What is returned has just begun, for the log.
 */

export function noteAttempt(runtime: BackendRuntime): void {
  runtime.passive.onAttempt();
  runtime.ejected = runtime.passive.isOut;
}

export function noteAnswer(
  runtime: BackendRuntime,
  settings: PassiveHealthConfig,
  status: number,
  now: number,
): Ejection | null {
  if (status >= 500) return begin(runtime, runtime.passive.onErrorAnswer(settings, now));
  runtime.passive.onSuccess(settings, now);
  runtime.ejected = runtime.passive.isOut;
  return null;
}

/** The attempt failed by the backend's fault. */
export function noteFailure(
  runtime: BackendRuntime,
  settings: PassiveHealthConfig,
  reason: string,
  now: number,
): Ejection | null {
  return begin(runtime, runtime.passive.onFailure(reason, settings, now));
}

/** The same in the middle of its answer. */
export function noteBrokenOff(
  runtime: BackendRuntime,
  settings: PassiveHealthConfig,
  reason: string,
  now: number,
): Ejection | null {
  return begin(runtime, runtime.passive.onBrokenOff(reason, settings, now));
}

/** The attempt is over, whatever came of it. `isWhole`: an answer, as far as anybody wanted it. */
export function noteEnd(runtime: BackendRuntime, isWhole: boolean): void {
  if (isWhole) runtime.passive.onWhole();
  runtime.passive.onNothing();
  runtime.ejected = runtime.passive.isOut;
}

function begin(runtime: BackendRuntime, ejection: Ejection | null): Ejection | null {
  runtime.ejected = runtime.passive.isOut;
  if (ejection === null) return null;
  runtime.ejection = { until: Date.now() + ejection.forMs, reason: ejection.reason };
  setTimeout(() => {
    runtime.passive.onTimeServed(ejection);
    runtime.ejected = runtime.passive.isOut;
  }, ejection.forMs).unref();
  return ejection;
}
