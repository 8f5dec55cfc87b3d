import type { Logger } from '../shared/log.ts';
import { CrashWatch } from './crash-watch.ts';
import { Quarantine } from './quarantine.ts';
import type { QuarantineEntry } from './quarantine.ts';
import { describeExit } from './worker-process.ts';
import type { WorkerExit } from './worker-process.ts';

/** Hears of everything that scripts do to workers, and says when one has to leave service. */
export class RuleHealth {
  readonly quarantine = new Quarantine();
  readonly #crashes = new CrashWatch();
  readonly #log: Logger;
  readonly #onQuarantine: () => void;

  /** `onQuarantine`: another script has to take over. Also called again for one that still serves, should taking it out have failed. */
  constructor(log: Logger, onQuarantine: () => void) {
    this.#log = log;
    this.#onQuarantine = onQuarantine;
  }

  traceRules(): boolean {
    return this.#crashes.tracing(Date.now());
  }

  fault(ruleId: string, fault: 'time' | 'memory', detail: string): void {
    this.#log.warn({ ruleId, fault, detail }, 'a rule script was ended');
    this.#heed(ruleId, this.quarantine.fault(ruleId, `${fault}: ${detail}`, Date.now()));
  }

  death(exit: WorkerExit): void {
    const now = Date.now();
    const ruleId = this.#crashes.blame(exit, now);
    if (ruleId === null) return;
    this.#log.error({ ruleId, signal: exit.signal }, 'a worker died of a rule script');
    this.#heed(ruleId, this.quarantine.death(ruleId, describeExit(exit), now));
  }

  #heed(ruleId: string, entry: QuarantineEntry | null): void {
    if (entry !== null) {
      this.#log.error(
        { ruleId, script: entry.file, reason: entry.reason },
        'a rule script is in quarantine until it is changed',
      );
      this.#onQuarantine();
    } else if (this.quarantine.entries().some((known) => known.ruleId === ruleId)) this.#onQuarantine();
  }
}
