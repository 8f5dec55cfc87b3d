import type { AccessLogConfig } from '../shared/config-types.ts';
import { LineWriter } from '../shared/line-writer.ts';
import type { Logger } from '../shared/log.ts';
import { formatCombined, formatJson, type LogEntry } from './access-log-format.ts';

/** The longest that an entry waits for others to be written together with. */
const FLUSH_AFTER_MS = 500;
/** Between two complaints about a log that cannot be written. */
const COMPLAIN_EVERY_MS = 10_000;

/**
 * Writes one line for each exchange, connection and session. Lines are gathered and written together, at the latest after half a second;
 * where the destination does not keep up, lines beyond 8 MiB are dropped and counted, and requests go on.
 * Several workers may write to one file.
 */
export class AccessLog {
  readonly #writer: LineWriter;
  readonly #format: (entry: LogEntry) => string;
  readonly #logger: Logger | null;
  #pending = '';
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #complainedAt = -COMPLAIN_EVERY_MS;
  #complainedOf: { dropped: number; lastError: Error | null } = { dropped: 0, lastError: null };
  readonly #flushAtExit = () => {
    this.#flush();
    this.#writer.flushSync();
  };

  /** Throws where the file cannot be opened. `logger` hears of writes that fail and entries that are lost. */
  constructor(config: AccessLogConfig, logger: Logger | null = null) {
    this.#writer = new LineWriter(config.file);
    this.#format = config.format === 'json' ? formatJson : formatCombined;
    this.#logger = logger;
    process.on('exit', this.#flushAtExit);
  }

  /** Entries lost so far because the destination did not take them. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  write(entry: LogEntry): void {
    const line = this.#format(entry);
    const bytes = Buffer.byteLength(line);
    // each write holds whole lines, and no more than the destination takes at once
    if (this.#pendingBytes + bytes > this.#writer.maxWriteBytes) this.#flush();
    this.#pending += line;
    this.#pendingBytes += bytes;
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS).unref();
  }

  /** Opens the file anew after it was moved away. Throws where that fails; the old file then stays in use. */
  reopen(): void {
    this.#flush();
    this.#writer.reopen();
  }

  /** Resolves when all entries are written, or cannot be. */
  close(): Promise<void> {
    process.off('exit', this.#flushAtExit);
    this.#flush();
    return this.#writer.close();
  }

  #flush(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (this.#pending === '') return;
    this.#writer.write(this.#pending);
    this.#pending = '';
    this.#pendingBytes = 0;
    this.#complain();
  }

  #complain(): void {
    const { dropped, lastError } = this.#writer;
    const now = performance.now();
    const isNews = dropped !== this.#complainedOf.dropped || lastError !== this.#complainedOf.lastError;
    if (!isNews || now - this.#complainedAt < COMPLAIN_EVERY_MS) return;
    this.#logger?.error(
      { dropped: dropped - this.#complainedOf.dropped, err: lastError },
      'the access log cannot be written',
    );
    this.#complainedAt = now;
    this.#complainedOf = { dropped, lastError };
  }
}
