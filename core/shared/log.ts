import { pino } from 'pino';
import type { LogConfig } from './config-types.ts';
import { LineWriter } from './line-writer.ts';

/** `fields` become members of the JSON line; an `Error` belongs under `err`. */
interface LogMethod {
  (message: string): void;
  (fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What a module that logs is given. */
export interface Logger {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
  /** A logger whose lines carry these fields as well. */
  child(fields: { readonly component: string } & Readonly<Record<string, unknown>>): Logger;
}

/** The process's own logger, with its file. */
export interface RootLogger extends Logger {
  /** Opens the log file anew after it was moved away. Throws where that fails; the old file then stays in use. */
  reopen(): void;
  /** Resolves when all lines are written; logging afterwards is an error of the caller and loses the lines. */
  close(): Promise<void>;
}

/**
 * The application log: one JSON line an event, with `level`, `time` (ISO 8601), `pid`, `component`, `msg`.
 * Written without blocking; flushed when the process exits. Throws where the file cannot be opened.
 */
export function createLogger(config: LogConfig): RootLogger {
  const writer = new LineWriter(config.file);
  const logger: Logger = pino(
    {
      level: config.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    writer,
  );
  return Object.assign(logger, { reopen: () => writer.reopen(), close: () => writer.close() });
}
