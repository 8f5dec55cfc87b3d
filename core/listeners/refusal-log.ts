import type { Logger } from '../shared/log.ts';

/** A line a second says enough: who connects in a loop is not to fill the log. */
const QUIET_MS = 1000;

/** Says why connections were turned away. */
export class RefusalLog {
  #quietUntilMs = 0;
  #unsaid = 0;

  warn(log: Logger, fields: Readonly<Record<string, unknown>>, message: string): void {
    const now = performance.now();
    if (now < this.#quietUntilMs) {
      this.#unsaid += 1;
      return;
    }
    log.warn(this.#unsaid === 0 ? fields : { ...fields, unsaid: this.#unsaid }, message);
    this.#unsaid = 0;
    this.#quietUntilMs = now + QUIET_MS;
  }
}
