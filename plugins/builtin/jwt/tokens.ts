import { z } from 'zod';
import type { PluginRequest } from '../../api.ts';
import { COOKIE_NAME } from '../cookies.ts';
import { wants } from '../fields.ts';
import { changeable } from '../header-names.ts';
import { decoded } from '../templates.ts';

/** Where in a request a token may be. */
export type Place =
  | { readonly kind: 'authorization' }
  | { readonly kind: 'cookie' | 'header' | 'query'; readonly name: string };

const EXPECTED = 'one of "authorization", "cookie:NAME", "header:NAME", "query:NAME"';

export const place = z.string({ error: wants(EXPECTED) }).transform((input, context): Place => {
  if (input === 'authorization') return { kind: input };
  const [kind = '', name = ''] = input.split(/:(.*)/s, 2);
  if (kind === 'header' && changeable.safeParse(name).success) return { kind, name: name.toLowerCase() };
  if (kind === 'cookie' && COOKIE_NAME.test(name)) return { kind, name };
  if (kind === 'query' && /^[\w.-]+$/.test(name)) return { kind, name };
  context.addIssue({ code: 'custom', message: wants(EXPECTED)({ input }) });
  return z.NEVER;
});

/**
 * The different tokens of a request. More than one is none: who of us and a backend takes which is anybody's guess (RFC 6750 2), and
 * so is a second Authorization field (RFC 9110 5.3).
 */
export function tokensIn(places: readonly Place[], request: PluginRequest): readonly string[] | 'ambiguous' {
  const fields = request.headers.getAll('authorization');
  if (fields.length > 1 && places.some(({ kind }) => kind === 'authorization')) return 'ambiguous';
  const tokens = [...new Set(places.flatMap((each) => tokensAt(each, request)))].filter(
    (each) => each !== '',
  );
  return tokens.length > 1 ? 'ambiguous' : tokens;
}

function tokensAt(where: Place, { headers, query }: PluginRequest): string[] {
  switch (where.kind) {
    case 'authorization':
      return headers.getAll('authorization').flatMap((value) => bearerIn(value) ?? []);
    case 'header':
      return headers.getAll(where.name).map((value) => bearerIn(value) ?? value);
    case 'cookie':
      return headers.getAll('cookie').flatMap((field) => field.split(';').flatMap(valueOf(where.name)));
    case 'query':
      return query.split('&').flatMap(valueOf(where.name, decoded));
  }
}

/** null: it is of another scheme. Not strict about what is behind the scheme: a backend may not be, either, and a bad token must not pass for none. */
function bearerIn(value: string): string | null {
  return /^bearer(?:[ \t]|$)/i.test(value) ? value.slice('bearer'.length).trim() : null;
}

function valueOf(name: string, read: (text: string) => string = (text) => text): (pair: string) => string[] {
  return (pair) => {
    const equals = pair.indexOf('=');
    const isIt = equals !== -1 && read(pair.slice(0, equals).trim()) === name;
    return isIt ? [read(pair.slice(equals + 1).trim())] : [];
  };
}

/** Takes out what may hold a token; of the Authorization field, only a token. */
export function removeTokens(places: readonly Place[], request: PluginRequest): void {
  for (const where of places) {
    switch (where.kind) {
      case 'authorization':
        if (tokensAt(where, request).length > 0) request.headers.delete('authorization');
        break;
      case 'header':
        request.headers.delete(where.name);
        break;
      case 'cookie':
        removeCookie(where.name, request);
        break;
      case 'query':
        removeParameter(where.name, request);
        break;
    }
  }
}

function removeCookie(name: string, { headers }: PluginRequest): void {
  const isIt = valueOf(name);
  const fields = headers.getAll('cookie');
  if (!fields.some((field) => field.split(';').some((crumb) => isIt(crumb).length > 0))) return;
  headers.delete('cookie');
  for (const field of fields) {
    const kept = field.split(';').filter((crumb) => isIt(crumb).length === 0);
    if (kept.length > 0) headers.append('Cookie', kept.join(';').trim());
  }
}

function removeParameter(name: string, request: PluginRequest): void {
  const isIt = valueOf(name, decoded);
  const pairs = request.query.split('&');
  const kept = pairs.filter((pair) => isIt(pair).length === 0);
  if (kept.length === pairs.length) return;
  const path = request.target.replace(/\?.*$/s, '');
  request.target = kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}
