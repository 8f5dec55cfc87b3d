import { ASSUMED_HEALTH } from '../../shared/health-types.ts';
import type { BackendHealth } from '../../shared/health-types.ts';
import { afterCheck, isUnsettled, uncheckedHealth } from '../../upstreams/health.ts';
import type { ActiveHealth } from '../../upstreams/health.ts';
import type { RecurringCheck } from './check-runner.ts';
import type { CheckTarget, ProbeResult } from './probe.ts';
import type { BackendName } from './targets.ts';

/** What a result has changed. */
export interface HealthChange {
  readonly health: boolean;
  readonly reportedState: boolean;
  readonly reportedWeight: boolean;
  /** The check could not be made, and that is new. */
  readonly isImpossible: boolean;
}

/** One check with what it has found so far. */
export class BackendCheck implements RecurringCheck {
  readonly target: CheckTarget;
  backends: readonly BackendName[];
  active: ActiveHealth;
  /** What the backend says of itself. */
  reported: Pick<BackendHealth, 'reportedState' | 'reportedWeight'> = ASSUMED_HEALTH;
  readonly #onChecked: (check: BackendCheck, result: ProbeResult, change: HealthChange, ms: number) => void;

  constructor(
    target: CheckTarget,
    backends: readonly BackendName[],
    onChecked: (check: BackendCheck, result: ProbeResult, change: HealthChange, ms: number) => void,
  ) {
    this.target = target;
    this.backends = backends;
    this.active = uncheckedHealth(Date.now());
    this.#onChecked = onChecked;
  }

  get health(): BackendHealth {
    const { reportedState, reportedWeight } = this.reported;
    return { health: this.active.health, reportedState, reportedWeight };
  }

  get isUnsettled(): boolean {
    return isUnsettled(this.active);
  }

  /** Another check of the same backend, which knew more. What the backend says of itself stays where this check would hear it take that back. */
  goOnFrom({ active, reported }: BackendCheck): void {
    this.active = { ...active, against: 0 };
    const { probe } = this.target.check;
    const hearsWeight = 'weightField' in probe && probe.weightField !== null;
    if (probe.type === 'agent') this.reported = reported;
    else if (hearsWeight) this.reported = { ...ASSUMED_HEALTH, reportedWeight: reported.reportedWeight };
  }

  onResult(result: ProbeResult, durationMs: number): number {
    const before = this.health;
    const isImpossible = result.ok === null && result.reason !== this.active.reason;
    const { check } = this.target;
    this.active = afterCheck(this.active, result, check, Date.now());
    const { reportedState = before.reportedState, reportedWeight = before.reportedWeight } = result;
    this.reported = { reportedState, reportedWeight };
    const change = {
      health: before.health !== this.active.health,
      reportedState: before.reportedState !== reportedState,
      reportedWeight: before.reportedWeight !== reportedWeight,
      isImpossible,
    };
    this.#onChecked(this, result, change, durationMs);
    return jittered(this.isUnsettled ? check.fastIntervalMs : check.intervalMs, check.jitter);
  }
}

function jittered(ms: number, jitter: number): number {
  return ms * (1 + (Math.random() * 2 - 1) * jitter);
}
