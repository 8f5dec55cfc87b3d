/** What a header field may look like (RFC 9110 5.1, 5.5, 5.6.2). The host checks again with the same functions what a script returns. */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const NOT_VISIBLE_ASCII = /[^\x21-\x7e]/;
const CONTROL = /[\x00-\x1f\x7f]/;

/**
 * Fields that frame the message or concern one connection only: the proxy writes these anew
 * (RFC 9110 7.6.1), so a script can neither set nor remove them.
 */
const OWNED = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why a script cannot use this field name, or null when it can. */
export function fieldNameProblem(name: string): string | null {
  if (!TOKEN.test(name)) return `${quote(name)} is no header name`;
  const lower = name.toLowerCase();
  if (lower === 'host') return 'the Host header is changed with forward(upstream, { host })';
  if (OWNED.has(lower)) return `the proxy itself writes the ${quote(lower)} header`;
  return null;
}

/** Why a script cannot use this field value, or null when it can. */
export function fieldValueProblem(name: string, value: string): string | null {
  return VALUE.test(value)
    ? null
    : `the value of ${quote(name)} holds a character that no header may carry (a control, a line break or one beyond U+00FF): ${quote(value)}`;
}

/** Host and optional port, as it may stand in a Host header (RFC 9110 7.2). */
export function isHost(host: string): boolean {
  return /^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?$/.test(host);
}

export function hasControls(text: string): boolean {
  return CONTROL.test(text);
}

/** Percent-encodes (as UTF-8) everything that may not stand in a request-target or a Location. */
export function encodeVisible(text: string): string {
  return NOT_VISIBLE_ASCII.test(text)
    ? text.toWellFormed().replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent)
    : text;
}

export function isVisibleAscii(text: string): boolean {
  return /^[\x21-\x7e]*$/.test(text);
}

/** A short, printable form for messages. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
