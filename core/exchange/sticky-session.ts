import type { CookieStickyConfig } from '../shared/sticky-types.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import { ID_LENGTH } from '../upstreams/sticky/backend-ids.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { changeCookies, changeSetCookies, cookieValues, setCookieValues } from './cookies.ts';
import type { Exchange } from './exchange.ts';
import type { HeaderList } from './headers.ts';

/** Between the id of a backend and the value of the application's cookie. */
const SEPARATOR = '~';

/** Cookies of one name that are looked at: those of several paths and domains, but not as many as fit into a head. */
const MAX_VALUES = 8;

/**
 * The backend that the client belongs to, before any scheduler is asked; undefined: it belongs to none, or to one that takes
 * nobody any more. What the proxy itself has put into a cookie of the application is taken out of the request.
 */
export function stickyBackend(exchange: Exchange, upstream: Upstream): AddressBackend | undefined {
  const { sticky } = upstream;
  if (sticky === null) return undefined;
  const backend = belongsTo(exchange, sticky);
  if (backend !== undefined) exchange.pickedBy = 'session';
  return backend;
}

function belongsTo(exchange: Exchange, sticky: NonNullable<Upstream['sticky']>): AddressBackend | undefined {
  if (sticky.type === 'source') return sticky.pick(exchange.clientAddress);
  const { headers } = exchange.request;
  const values = cookieValues(headers, sticky.name).slice(0, MAX_VALUES);
  if (values.length === 0) return undefined;
  switch (sticky.type) {
    case 'learned':
      return first(values, (value) => sticky.find(value));
    case 'prefix':
      changeCookies(headers, sticky.name, withoutId);
      return first(values, (value) => sticky.ids.find(idIn(value)));
    case 'cookie':
      return first(values, (value) => {
        const backend = sticky.ids.find(value);
        if (backend !== undefined) exchange.stickyId = value;
        return backend;
      });
  }
}

/** Has the client keep, or keeps for it, which backend has answered. */
export function keepBackend(exchange: Exchange, backend: AddressBackend, headers: HeaderList): void {
  const { upstream } = exchange;
  const sticky = upstream?.sticky ?? null;
  if (upstream === null || sticky === null) return;
  switch (sticky.type) {
    case 'source':
      return;
    case 'learned':
      for (const value of setCookieValues(headers, sticky.name).slice(0, MAX_VALUES))
        if (value !== '') sticky.learn(value, backend);
      return;
    case 'prefix': {
      const id = sticky.ids.of(backend);
      // An empty one takes the cookie back.
      changeSetCookies(headers, sticky.name, (value) => (value === '' ? '' : id + SEPARATOR + value));
      return;
    }
    case 'cookie': {
      const id = sticky.ids.of(backend);
      const { sticky: config } = upstream.config;
      if (id !== exchange.stickyId && config?.type === 'cookie')
        headers.append('Set-Cookie', setCookie(config, id, exchange.scheme));
    }
  }
}

function setCookie(config: CookieStickyConfig, id: string, scheme: 'http' | 'https'): string {
  const { name, path, domain, maxAgeMs, secure, httpOnly, sameSite } = config;
  let text = `${name}=${id}; Path=${path}`;
  if (domain !== null) text += `; Domain=${domain}`;
  if (maxAgeMs !== null) text += `; Max-Age=${Math.floor(maxAgeMs / 1000)}`;
  if (secure === true || (secure === 'auto' && scheme === 'https')) text += '; Secure';
  if (httpOnly) text += '; HttpOnly';
  return `${text}; SameSite=${SAME_SITE[sameSite]}`;
}

const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' } as const;

function hasId(value: string): boolean {
  return value[ID_LENGTH] === SEPARATOR;
}

function idIn(value: string): string {
  return hasId(value) ? value.slice(0, ID_LENGTH) : '';
}

/** Whoever the id names: the application must not see it, even where the key or the backend is another one now. */
function withoutId(value: string): string {
  return hasId(value) ? value.slice(ID_LENGTH + 1) : value;
}

function first<Item, Found>(
  items: readonly Item[],
  find: (item: Item) => Found | undefined,
): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
