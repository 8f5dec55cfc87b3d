import { isIPv6 } from 'node:net';
import { excerpt } from './characters.ts';
import { MalformedError } from './parse-fields.ts';

/** unreserved / sub-delims / `%`, or a bracketed IPv6 literal, then an optional port (RFC 3986 3.2.2, RFC 9110 4.2). */
const AUTHORITY = /^(?:[A-Za-z0-9\-._~!$&'()*+;=%]+|\[([0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?$/;
const PLAIN_LOWER_AUTHORITY = /^[a-z0-9\-_]+(?:\.[a-z0-9\-_]+)*(?::[0-9]{1,5})?$/;

/**
 * Checks a Host field value or the authority of an absolute-form target; user information is refused (RFC 9110 4.2.4).
 * @returns it in lower case and without a root dot (`example.com.` names the same host, and rules must not be walked around with it)
 * @throws MalformedError
 */
export function parseAuthority(value: string): string {
  if (PLAIN_LOWER_AUTHORITY.test(value)) return value;
  const match = AUTHORITY.exec(value);
  if (match === null || (match[1] !== undefined && !isIPv6(match[1]))) {
    throw new MalformedError(`Host ${excerpt(value)} is not a host and port`);
  }
  const host = value.toLowerCase().replace(/\.(?=:[0-9]+$|$)/, '');
  if (/^(?:$|[:.])|\.(?:[:.]|$)/.test(host)) throw new MalformedError('Host has an empty label');
  return host;
}

/**
 * Reads a request-target (RFC 9112 3.2) whose characters are already checked.
 * @param host from the Host field, or null where there was none (HTTP/1.0)
 * @throws MalformedError
 */
export function parseTarget(
  method: string,
  target: string,
  host: string | null,
): { originForm: string; host: string } {
  if (target.charCodeAt(0) === 0x2f) return { originForm: target, host: host ?? '' };
  // CONNECT has an authority-form target; it is answered with 405, so only the request line must be sound.
  if (method === 'CONNECT') return { originForm: target, host: parseAuthority(target) };
  if (target === '*') {
    if (method !== 'OPTIONS') throw new MalformedError('the target * is for OPTIONS only');
    return { originForm: target, host: host ?? '' };
  }
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(target);
  if (absolute === null) throw new MalformedError('the target is neither a path nor an absolute http URL');
  const authority = parseAuthority(absolute[1] ?? '');
  // RFC 9112 3.2.2 lets the target win over Host; a request where they differ is made to be read in two ways.
  if (host !== null && host !== authority) throw new MalformedError('Host differs from the target');
  const rest = absolute[2] ?? '';
  // RFC 9112 3.2.4: OPTIONS for an absolute URL without a path is `OPTIONS *` for its host.
  if (rest === '' && method === 'OPTIONS') return { originForm: '*', host: authority };
  return { originForm: rest.startsWith('/') ? rest : `/${rest}`, host: authority };
}
