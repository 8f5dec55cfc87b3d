import { host } from './host.ts';
import { MAX_BATCH_MS, MAX_RESULT_LENGTH, MAX_RESULTS_LENGTH, TOO_LONG } from './limits.ts';

const { now } = Date;

/**
 * Decides several requests, with a NUL between them. Gives a line of marks (a number, or `=` and the
 * length of a string), followed by the strings. When it has taken long, what is left of the batch is
 * left to the next call. See `rules/batch.ts` for the other side.
 */
export function decideEach(text: string, decide: (text: string) => number | string): string {
  const until = now() + MAX_BATCH_MS;
  let marks = '';
  let strings = '';
  for (const one of text.split('\0')) {
    if (marks !== '') {
      if (strings.length > MAX_RESULTS_LENGTH || now() >= until) break;
      marks += ',';
      host.beginNext();
    }
    const result = decide(one);
    if (typeof result === 'number') marks += result;
    else {
      const bounded = result.length <= MAX_RESULT_LENGTH ? result : TOO_LONG;
      marks += `=${bounded.length}`;
      strings += bounded;
    }
  }
  host.endAll();
  return `${marks}\n${strings}`;
}
