/**
 * Character classes of RFC 9110 and 9112 as tables: one array access a character, and
 * `undefined` (never 1) for what lies behind the end of a string.
 */

function table(isMember: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (isMember(code) ? 1 : 0));
}

const TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** tchar, RFC 9110 5.6.2. */
export const TOKEN = table((code) => TCHAR.includes(String.fromCharCode(code)));

/** field-vchar, SP and HTAB, RFC 9110 5.5: no CR, LF, NUL or other control character. */
export const FIELD_VALUE = table((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f));

/**
 * What a request-target may hold: visible ASCII but `#` (no fragment is ever sent, RFC 9110 4.1).
 * The few visible characters that RFC 3986 leaves out, such as `|` and `{`, are let through because browsers send them in queries.
 */
export const TARGET = table((code) => code > 0x20 && code < 0x7f && code !== 0x23);

/** Whether every character of a non-empty `text` is in `members`. */
export function isAll(members: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (members[text.charCodeAt(i)] !== 1) return false;
  }
  return text.length > 0;
}

/** The elements of a comma-separated list (RFC 9110 5.6.1), without the white space around them. */
export function listElements(value: string): string[] {
  return value.split(',').map(trimSpaces);
}

/** Without the SP and HTAB at both ends. String.trim would take obs-text such as 0xA0 for white space too, and a regular expression is quadratic on long runs of spaces. */
function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** For log lines: what a peer sent, escaped, and cut off so that it can not fill the log. */
export function excerpt(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

/** For log lines: the character's code point as `0x0A`. */
export function hex(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
