/** What makes a path need the slow way: an escape, a backslash, or a segment that begins with a dot. */
const NEEDS_WORK = /[%\\]|\/\./;
const ESCAPE = /%([0-9A-Fa-f]{2})?/g;
/** `.` or `..` between anything that some server takes for a separator; path parameters (`..;x`) are cut off by Java servers before they resolve dots. */
const DOT_SEGMENT = /(?:^|[/\\]|%2F|%5C)\.\.?(?:$|[/\\;]|%2F|%5C)/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * The path that rules and routes see: escapes of unreserved characters are decoded and the hex digits of
 * the others are upper case (RFC 3986 6.2.2.1, 6.2.2.2). `rawPath` is the target's path, without query. `//` stays.
 *
 * Null: refuse the request with 400. So end paths with a broken escape or %00, and paths with a dot segment in any
 * spelling. RFC 3986 5.2.4 would have the latter resolved, and browsers and curl do so before they send; a path that
 * still has one when it arrives is read in different ways by different servers (is `/public/%2e%2e/admin` below
 * `/public`? is `%2F` a separator, is a backslash?). The target is forwarded as it was received, so with any reading of
 * our own, a rule that guards `/admin` could be walked around at a backend which reads it otherwise.
 */
export function normalisePath(rawPath: string): string | null {
  if (!NEEDS_WORK.test(rawPath)) return rawPath;
  let valid = true;
  const path = rawPath.replace(ESCAPE, (escape: string, hex: string | undefined) => {
    if (hex === undefined || hex === '00') {
      valid = false;
      return escape;
    }
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
  return valid && !DOT_SEGMENT.test(path) ? path : null;
}

/** The same of a target in origin-form. */
export function normalisedPathOf(target: string): string | null {
  const query = target.indexOf('?');
  return normalisePath(query === -1 ? target : target.slice(0, query));
}
