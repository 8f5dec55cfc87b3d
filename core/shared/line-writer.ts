import { fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SonicBoom } from 'sonic-boom';
import sonicBoom from 'sonic-boom';

/** Held for a destination that does not take them, before lines are dropped. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;
const MAX_FILE_WRITE_BYTES = 64 * 1024;
/** PIPE_BUF of Linux: what a pipe takes at once or not at all, so that lines of several processes do not mix. */
const MAX_PIPE_WRITE_BYTES = 4096;
const STDOUT = 1;

/**
 * Appends whole lines to a file or to standard output without blocking the event loop. Files are
 * opened with O_APPEND and each write holds whole lines only, so several processes may share one.
 * What a destination does not take (a full disk, a stuck pipe) is held up to 8 MiB, then dropped and counted.
 */
export class LineWriter {
  /** The most that one write may hold (bytes); a longer line is written by itself. */
  readonly maxWriteBytes: number;
  readonly #file: string | null;
  #stream: SonicBoom;
  #closed = false;
  #dropped = 0;
  #lastError: Error | null = null;
  readonly #flushAtExit = () => this.flushSync();

  /** `file`: null for standard output; missing folders are made. Throws where the file cannot be opened. */
  constructor(file: string | null) {
    this.#file = file;
    this.maxWriteBytes =
      file === null && !fstatSync(STDOUT).isFile() ? MAX_PIPE_WRITE_BYTES : MAX_FILE_WRITE_BYTES;
    this.#stream = this.#open();
    process.on('exit', this.#flushAtExit);
  }

  /** Lines that were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why the last write failed, or null. Writing is tried again with the next line. */
  get lastError(): Error | null {
    return this.#lastError;
  }

  /** `lines`: one or more, each with its newline. */
  write(lines: string): void {
    if (this.#closed) this.#dropped += countLines(lines);
    else this.#stream.write(lines);
  }

  /** Opens the file anew under its name, after it was moved away. Throws where that fails, and goes on with the old one. */
  reopen(): void {
    if (this.#file === null || this.#closed) return;
    const old = this.#stream;
    this.#stream = this.#open();
    endStream(old);
  }

  /** Writes what is pending before it returns; for a process that is about to end. */
  flushSync(): void {
    try {
      if (!this.#closed) this.#stream.flushSync();
    } catch {
      // a log that cannot be written must not keep a process from ending
    }
  }

  /** Resolves when all is written, or cannot be, and the file is closed. */
  close(): Promise<void> {
    process.off('exit', this.#flushAtExit);
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    const stream = this.#stream;
    return new Promise((resolve) => {
      stream.once('close', resolve);
      endStream(stream);
    });
  }

  #open(): SonicBoom {
    const fd = this.#file === null ? STDOUT : openForAppend(this.#file);
    const stream = new sonicBoom.SonicBoom({
      fd,
      sync: false,
      maxLength: MAX_PENDING_BYTES,
      maxWrite: this.maxWriteBytes,
    });
    stream.on('drop', (lines: string) => {
      this.#dropped += countLines(lines);
    });
    stream.on('error', (error: Error) => {
      this.#lastError = error;
    });
    return stream;
  }
}

function openForAppend(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'a', 0o640);
}

/** Writes what is pending, then closes; a stream that fails on the way is given up. */
function endStream(stream: SonicBoom): void {
  stream.on('error', () => stream.destroy());
  stream.end();
}

function countLines(lines: string): number {
  let count = 0;
  for (let at = lines.indexOf('\n'); at !== -1; at = lines.indexOf('\n', at + 1)) count++;
  return count;
}
