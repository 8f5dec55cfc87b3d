import type { CircuitBreakerConfig } from '../shared/retry-types.ts';
import { ErrorWindow } from '../shared/error-window.ts';

/** `closed` takes requests, `open` takes none, `half-open` takes a few on trial. */
export type CircuitPhase = 'closed' | 'open' | 'half-open';

/**
 * The circuit breaker of one backend in one worker, as a state machine. It knows no clock and no timer: the time
 * (of any steady clock in milliseconds) is given with each event. What comes of an attempt counts only
 * in the phase in which the attempt began, which its ticket tells.
 */
export class CircuitBreaker {
  #phase: CircuitPhase = 'closed';
  /** Goes up with each change of the phase. */
  #ticket = 1;
  #failuresInRow = 0;
  readonly #window = new ErrorWindow();
  #trials = 0;
  #passed = 0;

  get phase(): CircuitPhase {
    return this.#phase;
  }

  /** Whether no more requests may go to the backend for now. */
  keepsAway({ halfOpen }: CircuitBreakerConfig): boolean {
    return this.#phase === 'open' || (this.#phase === 'half-open' && this.#trials >= halfOpen);
  }

  /** An attempt begins. @returns its ticket */
  begin(): number {
    if (this.#phase === 'half-open') this.#trials += 1;
    return this.#ticket;
  }

  succeeded(ticket: number, settings: CircuitBreakerConfig, now: number): void {
    if (ticket !== this.#ticket) return;
    if (this.#phase === 'half-open') {
      this.#passed += 1;
      if (this.#passed >= settings.halfOpen) this.#enter('closed');
      return;
    }
    this.#failuresInRow = 0;
    this.#window.count(false, settings.windowMs, now);
  }

  /** @returns whether that has opened it */
  failed(ticket: number, settings: CircuitBreakerConfig, now: number): boolean {
    if (ticket !== this.#ticket) return false;
    if (this.#phase === 'closed') {
      this.#failuresInRow += 1;
      this.#window.count(true, settings.windowMs, now);
      if (this.#failuresInRow < settings.failures && !this.#window.isBad(settings)) return false;
    }
    this.#enter('open');
    return true;
  }

  /** An attempt is over, whatever came of it: once for each that began. */
  left(ticket: number): void {
    if (ticket === this.#ticket && this.#phase === 'half-open') this.#trials -= 1;
  }

  /** It has been open for long enough. */
  onTimeServed(): void {
    if (this.#phase === 'open') this.#enter('half-open');
  }

  #enter(phase: CircuitPhase): void {
    this.#phase = phase;
    this.#ticket += 1;
    this.#failuresInRow = 0;
    this.#window.clear();
    this.#trials = 0;
    this.#passed = 0;
  }
}
