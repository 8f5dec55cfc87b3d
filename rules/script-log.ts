import type { RuleScriptConfig } from '../core/shared/listener-types.ts';
import type { Logger } from '../core/shared/log.ts';
import { MAX_LINE_LENGTH } from './runtime/limits.ts';
import { TokenBucket } from '../core/shared/token-bucket.ts';

export type RuleLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

const CONSOLE_LINES_PER_SECOND = 100;
const ERRORS_PER_SECOND = 10;

/** What one script may say in the log: its console and its errors, so many a second, the rest counted. */
export class ScriptLog {
  readonly #log: RuleLog;
  readonly #fields: { readonly rule: string; readonly shadow?: true };
  readonly #console = new TokenBucket(CONSOLE_LINES_PER_SECOND);
  readonly #errors = new TokenBucket(ERRORS_PER_SECOND);

  constructor(log: RuleLog, { script, shadow }: Pick<RuleScriptConfig, 'script' | 'shadow'>) {
    this.#log = log;
    // What one says that is only tried is not to be taken for what befell a client.
    this.#fields = shadow === null ? { rule: script } : { rule: script, shadow: true };
  }

  /** Called by the script's `console`, with anything. */
  console(level: unknown, line: unknown): void {
    if (typeof line !== 'string' || !this.#console.take()) return;
    this.#sayDropped(this.#console, 'console lines');
    const text = line.length > MAX_LINE_LENGTH ? line.slice(0, MAX_LINE_LENGTH) : line;
    if (level === 'error') this.#log.error(this.#fields, text);
    else if (level === 'warn') this.#log.warn(this.#fields, text);
    else if (level === 'debug') this.#log.debug(this.#fields, text);
    else this.#log.info(this.#fields, text);
  }

  error(fields: Readonly<Record<string, unknown>>, message: string): void {
    if (!this.#errors.take()) return;
    this.#sayDropped(this.#errors, 'errors');
    this.#log.error({ ...this.#fields, ...fields }, message);
  }

  #sayDropped(bucket: TokenBucket, what: string): void {
    const dropped = bucket.takeDropped();
    if (dropped > 0)
      this.#log.warn(
        { ...this.#fields, dropped },
        `the rule script wrote too much: ${dropped} ${what} were dropped`,
      );
  }
}
