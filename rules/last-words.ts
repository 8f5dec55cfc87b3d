import { writeSync } from 'node:fs';

const LAST_WORDS_FD = 4;

/** Tells the primary which script this process is about to die of, or is about to call. `enabled`: whether it listens on file descriptor 4. */
export function writeLastWords(ruleId: string, enabled: boolean): void {
  if (!enabled) return;
  try {
    writeSync(LAST_WORDS_FD, `${JSON.stringify({ ruleId })}\n`);
  } catch {
    // A full pipe or a primary that is gone: nothing depends on these words.
  }
}

/** Ends this process at once, with its last words. For a script that V8 itself cannot end. */
export function dieOf(ruleId: string, enabled: boolean): void {
  writeLastWords(ruleId, enabled);
  process.kill(process.pid, 'SIGKILL');
}
