import type { LogConfig } from '../shared/config-types.ts';
import { createLogger, type Logger, type RootLogger } from '../shared/log.ts';
import { AccessLog } from './access-log.ts';

/** The logs of one snapshot; the next one uses the same where its config says the same. */
export class Logs {
  readonly config: LogConfig;
  readonly log: RootLogger;
  readonly access: AccessLog | null;

  /** Throws where a file can not be opened. */
  constructor(config: LogConfig) {
    this.config = config;
    this.log = createLogger(config);
    this.access =
      config.access === null
        ? null
        : new AccessLog(config.access, this.log.child({ component: 'access-log' }));
  }

  isFor(config: LogConfig): boolean {
    return JSON.stringify(this.config) === JSON.stringify(config);
  }

  reopen(): void {
    this.log.reopen();
    this.access?.reopen();
  }

  async close(): Promise<void> {
    await this.access?.close();
    await this.log.close();
  }
}

/** A log for what outlives snapshots: each line goes to the log that is current when it is written. */
export function followLog(current: () => Logger): Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> {
  return {
    get debug() {
      const log = current();
      return log.debug.bind(log);
    },
    get info() {
      const log = current();
      return log.info.bind(log);
    },
    get warn() {
      const log = current();
      return log.warn.bind(log);
    },
    get error() {
      const log = current();
      return log.error.bind(log);
    },
  };
}
