import type { HeaderList } from './headers.ts';

/** Finds and rewrites single cookies; all else of a field stays as it was sent. Names are case-sensitive (RFC 6265). */

/** The values of the cookies of this name, as sent, in their order. A client may send several Cookie fields. */
export function cookieValues(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i++) {
    if (headers.lowerNames[i] !== 'cookie') continue;
    const field = headers.values[i] ?? '';
    for (const [from, to] of cookieSpans(field, name)) values.push(field.slice(from, to));
  }
  return values;
}

export function changeCookies(headers: HeaderList, name: string, change: (value: string) => string): void {
  for (let i = 0; i < headers.length; i++) {
    if (headers.lowerNames[i] === 'cookie')
      headers.values[i] = changed(
        headers.values[i] ?? '',
        cookieSpans(headers.values[i] ?? '', name),
        change,
      );
  }
}

/** The values of the Set-Cookie fields of this name. */
export function setCookieValues(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.length; i++) {
    if (headers.lowerNames[i] !== 'set-cookie') continue;
    const field = headers.values[i] ?? '';
    for (const [from, to] of setCookieSpans(field, name)) values.push(field.slice(from, to));
  }
  return values;
}

export function changeSetCookies(headers: HeaderList, name: string, change: (value: string) => string): void {
  for (let i = 0; i < headers.length; i++) {
    if (headers.lowerNames[i] === 'set-cookie')
      headers.values[i] = changed(
        headers.values[i] ?? '',
        setCookieSpans(headers.values[i] ?? '', name),
        change,
      );
  }
}

/** Where a value begins and ends in its field. */
type Span = readonly [from: number, to: number];

function cookieSpans(field: string, name: string): Span[] {
  const spans: Span[] = [];
  for (let at = field.indexOf(name); at !== -1; at = field.indexOf(name, at + name.length)) {
    const before = skipBack(field, at);
    if (before !== 0 && field[before - 1] !== ';') continue;
    const semicolon = field.indexOf(';', at);
    const span = valueSpan(field, at + name.length, semicolon === -1 ? field.length : semicolon);
    if (span !== null) spans.push(span);
  }
  return spans;
}

/** A Set-Cookie field has one cookie, its attributes after a semicolon. */
function setCookieSpans(field: string, name: string): Span[] {
  const begin = skip(field, 0);
  if (!field.startsWith(name, begin)) return [];
  const semicolon = field.indexOf(';', begin);
  const span = valueSpan(field, begin + name.length, semicolon === -1 ? field.length : semicolon);
  return span === null ? [] : [span];
}

/** What follows `=`, without the white space around it; null where no `=` follows. */
function valueSpan(field: string, afterName: number, end: number): Span | null {
  const equals = skip(field, afterName);
  if (equals >= end || field[equals] !== '=') return null;
  const from = Math.min(skip(field, equals + 1), end);
  return [from, Math.max(from, skipBack(field, end))];
}

function skip(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

function skipBack(text: string, from: number): number {
  let at = from;
  while (at > 0 && (text[at - 1] === ' ' || text[at - 1] === '\t')) at--;
  return at;
}

function changed(field: string, spans: readonly Span[], change: (value: string) => string): string {
  let text = '';
  let done = 0;
  for (const [from, to] of spans) {
    text += field.slice(done, from) + change(field.slice(from, to));
    done = to;
  }
  return text + field.slice(done);
}
