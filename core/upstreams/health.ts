import type { HealthCheckConfig, PassiveHealthConfig } from '../shared/health-types.ts';
import { ErrorWindow } from '../shared/error-window.ts';

/**
 * The health of a backend as a state machine: what results of checks and outcomes of requests make of
 * it, and why. It knows no clock and no timer: the time is given with each event.
 */

export type Health = 'up' | 'down';

/** What one active check found. */
export interface CheckResult {
  /** null: the check could not be made for a reason of this machine's own, which says nothing of the backend. */
  readonly ok: boolean | null;
  readonly reason: string;
}

/** What active checks have made of a backend. */
export interface ActiveHealth {
  readonly health: Health;
  /** When it became so, in epoch milliseconds. */
  readonly since: number;
  /** Results in a row that speak against it. */
  readonly against: number;
  /** Of the last result. */
  readonly reason: string;
  /** Whether there was a result yet. */
  readonly isChecked: boolean;
}

/** Before the first result a backend is taken for up. */
export function uncheckedHealth(now: number): ActiveHealth {
  return { health: 'up', since: now, against: 0, reason: 'not checked yet', isChecked: false };
}

/** The first result decides at once: until then nothing is known that it would have to outweigh. */
export function afterCheck(
  before: ActiveHealth,
  result: CheckResult,
  thresholds: Pick<HealthCheckConfig, 'rise' | 'fall'>,
  now: number,
): ActiveHealth {
  const { ok, reason } = result;
  if (ok === null) return { ...before, reason };
  const found: Health = ok ? 'up' : 'down';
  if (found === before.health) return { ...before, against: 0, reason, isChecked: true };
  const needed = before.isChecked ? (ok ? thresholds.rise : thresholds.fall) : 1;
  const against = before.against + 1;
  if (against < needed) return { ...before, against, reason, isChecked: true };
  return { health: found, since: now, against: 0, reason, isChecked: true };
}

/** Whether the next check should come soon. */
export function isUnsettled({ health, against }: ActiveHealth): boolean {
  return health === 'down' || against > 0;
}

/**
 * `in-use`; `ejected` for a time; then `on-trial`, when the next request tries the backend, and
 * `trying` while that one runs.
 */
export type PassivePhase = 'in-use' | 'ejected' | 'on-trial' | 'trying';

/** A backend was taken out of use. */
export interface Ejection {
  readonly forMs: number;
  readonly reason: string;
}

/**
 * What the requests of one worker have made of a backend. Mutable, since it hears of every request.
 * Times are of any steady clock in milliseconds.
 */
export class PassiveHealth {
  #phase: PassivePhase = 'in-use';
  #failuresInRow = 0;
  /** Answers that had begun: a good head makes up for failures before it, but only a whole answer for one that was broken off. */
  #brokenOffInRow = 0;
  readonly #window = new ErrorWindow();
  #ejections = 0;
  /** The last one. */
  #ejection: Ejection | null = null;
  /** When it came back into use. */
  #backSince = 0;

  get phase(): PassivePhase {
    return this.#phase;
  }

  /** Whether it is to be left out. */
  get isOut(): boolean {
    return this.#phase === 'ejected' || this.#phase === 'trying';
  }

  /** A request is sent to it. */
  onAttempt(): void {
    if (this.#phase === 'on-trial') this.#phase = 'trying';
  }

  /** It answered, with a status that is no 5xx. */
  onSuccess(settings: PassiveHealthConfig, now: number): void {
    if (this.#phase === 'in-use') {
      this.#failuresInRow = 0;
      this.#window.count(false, settings.windowMs, now);
    } else if (this.#phase !== 'ejected') this.#comeBack(now);
  }

  /** It answered 5xx, which counts toward the ratio only: the backend itself is there. */
  onErrorAnswer(settings: PassiveHealthConfig, now: number): Ejection | null {
    if (this.#phase === 'ejected') return null;
    if (this.#phase !== 'in-use') return this.#eject('it answered 5xx on trial', settings, now);
    this.#failuresInRow = 0;
    this.#window.count(true, settings.windowMs, now);
    return this.#heedRatio(settings, now);
  }

  /** The attempt failed by its fault. */
  onFailure(reason: string, settings: PassiveHealthConfig, now: number): Ejection | null {
    // What fails now was begun before.
    if (this.#phase === 'ejected') return null;
    if (this.#phase !== 'in-use') return this.#eject(`on trial: ${reason}`, settings, now);
    this.#failuresInRow += 1;
    this.#window.count(true, settings.windowMs, now);
    return this.#heedRow(this.#failuresInRow, reason, settings, now);
  }

  /** It broke off an answer of which it has been told by `onSuccess` or `onErrorAnswer`. */
  onBrokenOff(reason: string, settings: PassiveHealthConfig, now: number): Ejection | null {
    // Begun before the ejection.
    if (this.#phase !== 'in-use') return null;
    this.#failuresInRow += 1;
    this.#brokenOffInRow += 1;
    this.#window.spoil();
    return this.#heedRow(Math.max(this.#failuresInRow, this.#brokenOffInRow), reason, settings, now);
  }

  /** An answer came to its end, or to where nobody wanted more of it. */
  onWhole(): void {
    this.#brokenOffInRow = 0;
  }

  /** The attempt ended without saying anything of the backend: the next one tries. */
  onNothing(): void {
    if (this.#phase === 'trying') this.#phase = 'on-trial';
  }

  /** The time of this ejection is over. */
  onTimeServed(ejection: Ejection): void {
    if (this.#phase === 'ejected' && this.#ejection === ejection) this.#phase = 'on-trial';
  }

  /** There is better evidence that it works. */
  readmit(now: number): void {
    if (this.#phase !== 'in-use') this.#comeBack(now);
  }

  #comeBack(now: number): void {
    this.#phase = 'in-use';
    this.#backSince = now;
    this.#failuresInRow = 0;
    this.#window.clear();
  }

  #heedRow(row: number, reason: string, settings: PassiveHealthConfig, now: number): Ejection | null {
    if (row < settings.failures) return this.#heedRatio(settings, now);
    return this.#eject(row === 1 ? reason : `${row} failures in a row, the last: ${reason}`, settings, now);
  }

  #heedRatio(settings: PassiveHealthConfig, now: number): Ejection | null {
    if (!this.#window.isBad(settings)) return null;
    const { requests, errors } = this.#window;
    return this.#eject(`${errors} of ${requests} requests failed or were answered 5xx`, settings, now);
  }

  /** Twice as long as the last time; each such time in use without another makes up for one. */
  #eject(reason: string, { ejectionMs, maxEjectionMs }: PassiveHealthConfig, now: number): Ejection {
    const lengthOf = (ejections: number): number =>
      Math.min(ejectionMs * 2 ** Math.min(ejections - 1, 30), maxEjectionMs);
    if (this.#phase === 'in-use') {
      let usedMs = now - this.#backSince;
      while (this.#ejections > 0 && usedMs >= lengthOf(this.#ejections)) {
        usedMs -= lengthOf(this.#ejections);
        this.#ejections -= 1;
      }
    }
    this.#ejections += 1;
    this.#phase = 'ejected';
    this.#ejection = { forMs: lengthOf(this.#ejections), reason };
    return this.#ejection;
  }
}
