import { z } from 'zod';

const longestLineBytes = 4096;
const lastWords = z.object({ ruleId: z.string().min(1) });

/**
 * Keeps the last whole line of what a worker wrote to fd 4. A traced worker writes a line for
 * every rule call, so nothing is parsed before somebody asks.
 */
export class LastWordsReader {
  #tail = '';
  #last = '';

  push(chunk: Buffer): void {
    const text = this.#tail + chunk.toString('latin1');
    const end = text.lastIndexOf('\n');
    if (end === -1) {
      this.#tail = text.slice(-longestLineBytes);
      return;
    }
    this.#last = text.slice(text.lastIndexOf('\n', end - 1) + 1, end);
    this.#tail = text.slice(end + 1).slice(-longestLineBytes);
  }

  /** The script that was named last, or null. A line that a dying process garbled counts as none. */
  ruleId(): string | null {
    if (this.#last === '') return null;
    try {
      return lastWords.parse(JSON.parse(this.#last)).ruleId;
    } catch {
      return null;
    }
  }
}
