import type { ReloadReport, ReloadTrigger, StatusReport } from './admin/status-report.ts';

export interface StartOptions {
  /** Path of the config file. */
  readonly config: string;
}

/** A Tidegate that serves. Its workers are processes of their own; this process carries no traffic. */
export interface RunningTidegate {
  /** The bound address of each listener, by name: `127.0.0.1:8080`, `[::]:443` or `unix:/path`. */
  addresses(): ReadonlyMap<string, string>;
  /** Loads the config again; on a problem the old one goes on serving and the report says why. null once it is stopping. `trigger`: what the report says asked for it. */
  reload(trigger?: ReloadTrigger): Promise<ReloadReport | null>;
  status(): Promise<StatusReport | null>;
  /** Opens the log files anew after they were moved away. */
  reopenLogs(): void;
  /** Finishes what runs, at most for the config's `shutdownTimeout`. */
  stop(): Promise<void>;
  /** Ends at once, whatever runs. */
  kill(): Promise<void>;
}

/** A config that cannot be served. `problems` holds all of them, each with its file and place. */
export class StartError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'StartError';
    this.problems = problems;
  }
}
