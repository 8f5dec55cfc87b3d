import type { RuleRequest } from '../core/shared/rule-script.ts';
import { encodeRequest } from './bridge.ts';

/**
 * Several requests in one call. In: their texts with a NUL between them, which no part of a request
 * can hold. Out: a line with one mark for each result, then the results that are strings, one behind
 * the other. See `runtime/batch.ts` for the other side.
 */
export function encodeRequests(requests: readonly RuleRequest[]): string {
  return requests.map(encodeRequest).join('\0');
}

/**
 * The results of a call with `count` requests: of the first ones, at least of one.
 * @returns null for what the runtime did not write
 */
export function splitResults(text: unknown, count: number): (number | string)[] | null {
  if (typeof text !== 'string') return null;
  const lineEnd = text.indexOf('\n');
  if (lineEnd === -1) return null;
  const marks = text.slice(0, lineEnd).split(',', count + 1);
  if (marks.length > count) return null;
  const results: (number | string)[] = [];
  let from = lineEnd + 1;
  for (const mark of marks) {
    // `12`: the number itself; `=12`: a string of twelve characters.
    const match = /^(=?)(\d{1,9})$/.exec(mark);
    if (match === null) return null;
    const value = Number(match[2]);
    if (match[1] === '') results.push(value);
    else {
      results.push(text.slice(from, from + value));
      from += value;
    }
  }
  return from === text.length ? results : null;
}
