import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

export type Pattern =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

const HOST = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const UNRESERVED = /[A-Za-z0-9._~-]/;

/** Reads a route's `host`: `a.b`, `*.b`, or an address, IPv6 in brackets. Comes out in lower case. */
export function readRouteHost(text: string): Pattern {
  const host = text.toLowerCase();
  if (isIPv4(host) || (host.startsWith('[') && host.endsWith(']') && isIPv6(host.slice(1, -1))))
    return { ok: true, text: host };
  if (HOST.test(host)) return { ok: true, text: host };
  const found = `found ${JSON.stringify(text)}`;
  if (/^[^:]+:\d+$/.test(host) || /\]:\d+$/.test(host))
    return { ok: false, problem: `expected a host without a port, ${found}` };
  if (host.includes('*')) {
    return {
      ok: false,
      problem: `expected the star alone before the first dot, like "*.example.com", ${found}`,
    };
  }
  const ascii = domainToASCII(host);
  if (/[^ -~]/.test(host) && ascii !== '')
    return { ok: false, problem: `expected a host in ASCII, like "${ascii}", ${found}` };
  return { ok: false, problem: `expected a host like "example.com" or "*.example.com", ${found}` };
}

/**
 * Reads a route's `path`: `/exact` or `/prefix/*`. It comes out in the form that request paths are
 * normalised to before they are compared (RFC 3986 6.2.2: `%7e` is `~`, hex digits in upper case).
 */
export function readRoutePath(text: string): Pattern {
  const found = `found ${JSON.stringify(text)}`;
  if (!text.startsWith('/')) return { ok: false, problem: `expected a path that begins with "/", ${found}` };
  if (/[?#]/.test(text))
    return { ok: false, problem: `expected a path without query and fragment, ${found}` };
  if (/[^ -~]| /.test(text))
    return { ok: false, problem: `expected a path in ASCII, like "${encodeURI(text)}", ${found}` };
  const star = text.indexOf('*');
  if (star !== -1 && (star !== text.length - 1 || text[star - 1] !== '/')) {
    return {
      ok: false,
      problem: `expected a star only at the end and after a slash, like "/images/*", ${found}`,
    };
  }
  if (/%(?![0-9A-Fa-f]{2})/.test(text))
    return { ok: false, problem: `expected two hex digits after each "%", ${found}` };
  const normal = text.replace(/%[0-9A-Fa-f]{2}/g, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return UNRESERVED.test(character) ? character : code.toUpperCase();
  });
  if (normal.split('/').some((segment) => segment === '.' || segment === '..')) {
    return {
      ok: false,
      problem: `expected a path without "." and ".." segments (such requests are refused), ${found}`,
    };
  }
  return { ok: true, text: normal };
}
