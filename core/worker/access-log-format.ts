import type { AccessEntry } from '../exchange/access-entry.ts';
import type { ConnectionEntry } from '../layer4/connection-entry.ts';

/** What the access log takes: one for each exchange, TCP connection and UDP session. */
export type LogEntry = AccessEntry | ConnectionEntry;

/**
 * One entry as a line of JSON, in the order and with the names of its type. What JSON leaves
 * alone but a terminal obeys (DEL and the C1 controls, CSI among them), and what some line readers
 * take for a line's end (U+2028, U+2029), is escaped.
 */
export function formatJson(entry: LogEntry): string {
  const line = JSON.stringify(entry);
  return UNSAFE_IN_JSON.test(line) ? `${line.replace(ALL_UNSAFE_IN_JSON, unicodeEscape)}\n` : `${line}\n`;
}

/**
 * One entry in Apache's combined format:
 * `client - - [10/Oct/2026:13:55:36 +0000] "GET /path HTTP/1.1" 200 2326 "referer" "user agent"`; `-` for what is not known.
 * A connection or session has its protocol, listener and end in the place of the request: `"TCP db closed" - 2326 "-" "-"`.
 */
export function formatCombined(entry: LogEntry): string {
  if ('end' in entry) {
    const what = `${entry.protocol.toUpperCase()} ${quotable(entry.listener)} ${entry.end}`;
    return combinedLine(entry, what, null, entry.bytesFromBackend, '"-" "-"');
  }
  const request =
    entry.method === null
      ? '-'
      : `${quotable(entry.method)} ${quotable(entry.target)}${entry.protocol === null ? '' : ` ${entry.protocol}`}`;
  const origin = `"${quotable(entry.referer)}" "${quotable(entry.userAgent)}"`;
  return combinedLine(entry, request, entry.status, entry.responseBytes, origin);
}

function combinedLine(
  { client, time }: LogEntry,
  request: string,
  status: number | null,
  bytes: number,
  origin: string,
): string {
  return `${quotable(client)} - - [${combinedTime(time)}] "${request}" ${status ?? '-'} ${bytes === 0 ? '-' : bytes} ${origin}\n`;
}

const UNSAFE_IN_JSON = /[\x7f-\x9f\u2028\u2029]/;
const ALL_UNSAFE_IN_JSON = /[\x7f-\x9f\u2028\u2029]/g;

/** All but printable ASCII, and what ends or escapes within quotes. */
const UNSAFE_IN_QUOTES = /[^\x20-\x7e]|["\\]/;
const ALL_UNSAFE_IN_QUOTES = /[^\x20-\x7e]|["\\]/g;

function quotable(value: string | null): string {
  if (value === null || value === '') return '-';
  return UNSAFE_IN_QUOTES.test(value) ? value.replace(ALL_UNSAFE_IN_QUOTES, quotedEscape) : value;
}

/** As Apache does: a backslash before quotes and backslashes, `\xhh` for any other byte. */
function quotedEscape(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const code = character.charCodeAt(0);
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-10-10T13:55:36.123Z` → `10/Oct/2026:13:55:36 +0000`. */
function combinedTime(iso: string): string {
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? '';
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
