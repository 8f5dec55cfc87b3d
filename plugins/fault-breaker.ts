import type { PluginBreakerConfig } from '../core/shared/plugin-types.ts';

/** Decides when a plugin that fails is left alone. Times are of any steady clock in milliseconds. */
export class FaultBreaker {
  readonly #config: PluginBreakerConfig | null;
  /** When faults befell it, the oldest first; as many as break it off at most. */
  readonly #faults: number[] = [];
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(config: PluginBreakerConfig | null) {
    this.#config = config;
  }

  /** Whether this one breaks it off. */
  fault(now: number): boolean {
    if (this.#config === null || this.isOpen(now)) return false;
    const { faults, windowMs, restMs } = this.#config;
    this.#faults.push(now);
    while ((this.#faults[0] ?? now) <= now - windowMs) this.#faults.shift();
    if (this.#faults.length < faults) return false;
    this.#faults.length = 0;
    this.#restsUntil = now + restMs;
    return true;
  }

  isOpen(now: number): boolean {
    return now < this.#restsUntil;
  }
}
