import type { Guard } from './guard.ts';
import type { Watchdog } from './watchdog.ts';

export type RuleFault = 'time' | 'memory';

/** What all scripts of a process share. */
export interface Services {
  readonly watchdog: Watchdog;
  readonly guard: Guard;
  /** Loads of isolates that are under way. */
  readonly loading: Set<Promise<unknown>>;
  /** The isolate was ended; it is replaced already. */
  readonly onFault: (ruleId: string, fault: RuleFault, detail: string) => void;
  /** Name the script on file descriptor 4 before each call. */
  readonly trace: boolean;
}
