import type { PluginRequest } from '../../api.ts';
import { cookieOf } from '../cookies.ts';

/** What a proxy in front says of the client's request, if it is believed: pages and redirects are made with it. */
const FORWARDED = ['x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port'];

/** In characters; what has a longer one is not kept. A message to other workers holds at least one. */
export const LONGEST_KEY = 16_384;

/** What of the query is part of the key; the rest of it is taken out of the request, too. */
export type QueryRule =
  | { readonly kind: 'all' | 'none' }
  | { readonly kind: 'only' | 'except'; readonly names: ReadonlySet<string> };

export interface KeyRules {
  readonly query: QueryRule;
  readonly headers: readonly string[];
  readonly cookies: readonly string[];
}

export type KeyedRequest = Pick<PluginRequest, 'scheme' | 'host' | 'target' | 'headers'>;

/**
 * The target with that of its query alone which the key takes. A backend that saw more could answer by it, and everybody
 * would get what one client's parameter has made.
 */
export function keyedTarget(target: string, rule: QueryRule): string {
  if (rule.kind === 'all') return target;
  const mark = target.indexOf('?');
  if (mark === -1) return target;
  const path = target.slice(0, mark);
  if (!('names' in rule)) return path;
  const pairs = target.slice(mark + 1).split('&');
  const kept = pairs.filter((pair) => rule.names.has(nameOf(pair)) === (rule.kind === 'only'));
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/** `target`: that which `keyedTarget` has made. */
export function keyOf(request: KeyedRequest, target: string, rules: KeyRules): string {
  return `${urlOf(request.scheme, request.host, target)}\n${restOfKey(request, rules)}`;
}

/** As in the key: without anything of it taken for something else, as neither holds a space or a slash before the path. */
export function urlOf(scheme: string, host: string, target: string): string {
  return `${scheme}://${host}${target}`;
}

/** JSON, so that no value can pass for the end of it and the next one. */
function restOfKey({ headers }: KeyedRequest, { headers: names, cookies }: KeyRules): string {
  const forwarded = FORWARDED.filter((name) => headers.has(name));
  if (names.length === 0 && cookies.length === 0 && forwarded.length === 0) return '';
  return JSON.stringify([
    // With the names, as other instances that use the same files may go by others.
    ...[...forwarded, ...names].map((name) => [name, ...headers.getAll(name)]),
    ...cookies.map((name) => ['cookie', name, cookieOf(headers, name)]),
  ]);
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  const name = (equals === -1 ? pair : pair.slice(0, equals)).replaceAll('+', ' ');
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
