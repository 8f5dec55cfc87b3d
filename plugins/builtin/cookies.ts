import type { PluginHeaders } from '../api.ts';

/** The value of the first cookie of this name, as sent; null for none. Names are case-sensitive (RFC 6265). */
export function cookieOf(headers: PluginHeaders, name: string): string | null {
  for (const field of headers.getAll('cookie')) {
    for (const crumb of field.split(';')) {
      const equals = crumb.indexOf('=');
      if (equals !== -1 && crumb.slice(0, equals).trim() === name) return crumb.slice(equals + 1).trim();
    }
  }
  return null;
}

/** What may name a cookie (RFC 6265 4.1.1). */
export const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
