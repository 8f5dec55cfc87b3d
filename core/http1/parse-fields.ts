import { HeaderList } from '../exchange/headers.ts';
import { FIELD_VALUE, TOKEN, excerpt, hex } from './characters.ts';

const COLON = 0x3a;
const SP = 0x20;
const HTAB = 0x09;
const CR = 0x0d;
const LF = 0x0a;

/** A message that breaks the grammar. `message` says where and what; the caller knows whose message it was. */
export class MalformedError extends Error {
  override name = 'MalformedError';
}

/** More fields than the limit allows. */
export class TooManyFieldsError extends Error {
  override name = 'TooManyFieldsError';
}

/**
 * Parses field lines (RFC 9112 5) from `start` to the end of `text`, which has no final CRLF.
 * Strict: no space before the colon (5.1), no line folding (5.2), no bare CR or LF (2.2), no NUL (RFC 9110 5.5).
 * @throws MalformedError, TooManyFieldsError
 */
export function parseFields(text: string, start: number, maxFields: number): HeaderList {
  const headers = new HeaderList();
  const end = text.length;
  let position = start;
  while (position < end) {
    let i = position;
    while (TOKEN[text.charCodeAt(i)] === 1) i++;
    if (i === position || i >= end || text.charCodeAt(i) !== COLON) throw malformedName(text, position, i);
    const name = text.slice(position, i);

    let valueStart = i + 1;
    let code = text.charCodeAt(valueStart);
    while (valueStart < end && (code === SP || code === HTAB)) code = text.charCodeAt(++valueStart);
    i = valueStart;
    while (i < end && FIELD_VALUE[text.charCodeAt(i)] === 1) i++;
    if (i < end && (text.charCodeAt(i) !== CR || text.charCodeAt(i + 1) !== LF)) {
      throw new MalformedError(`the value of ${name.slice(0, 80)} holds ${hex(text.charCodeAt(i))}`);
    }
    position = i + 2;
    while (i > valueStart && (text.charCodeAt(i - 1) === SP || text.charCodeAt(i - 1) === HTAB)) i--;

    if (headers.length === maxFields) throw new TooManyFieldsError(`more than ${maxFields} header fields`);
    headers.append(name, text.slice(valueStart, i));
  }
  return headers;
}

function malformedName(text: string, lineStart: number, at: number): MalformedError {
  const code = text.charCodeAt(at);
  if (at === lineStart && (code === SP || code === HTAB)) {
    return new MalformedError('a header line is folded or begins with white space');
  }
  const name = text.slice(lineStart, at);
  if (at >= text.length || code === CR)
    return new MalformedError(`the header line ${excerpt(name)} has no colon`);
  if (at === lineStart && code === COLON) return new MalformedError('a header line has no name');
  return new MalformedError(`the header name ${excerpt(name)} is followed by ${hex(code)}`);
}
