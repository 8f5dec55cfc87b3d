import { normalisePath } from '../shared/normalise-path.ts';
import type { RequestDecision } from '../shared/rule-script.ts';
import type { SchedulerKey } from '../shared/scheduler-key.ts';
import type { HeaderList } from './headers.ts';

/** What a key is taken from: the request as it goes to the backend, with what rules made of it. */
export interface KeyedRequest {
  readonly clientAddress: string;
  readonly host: string;
  /** Path and query that go to the backend. */
  readonly forwardTarget: string;
  readonly request: { readonly headers: HeaderList };
  readonly decision: RequestDecision | null;
}

/**
 * The key of a request for its upstream's scheduler; `wanted`: where the config says that it is found. What the rule
 * set comes first. Undefined: the request has none; an empty one is none, for otherwise all who lack it would meet at one backend.
 */
export function schedulerKey(exchange: KeyedRequest, wanted: SchedulerKey): string | undefined {
  const { decision } = exchange;
  if (decision !== null && decision.kind === 'forward' && decision.key !== undefined) return decision.key;
  const key = configuredKey(exchange, wanted);
  return key === null || key === '' ? undefined : key;
}

function configuredKey(exchange: KeyedRequest, wanted: SchedulerKey): string | null {
  switch (wanted.kind) {
    case 'source':
      return exchange.clientAddress;
    case 'uri':
      return exchange.forwardTarget;
    case 'path': {
      const path = pathOf(exchange.forwardTarget);
      return normalisePath(path) ?? path;
    }
    case 'query':
      return queryValue(exchange.forwardTarget, wanted.name);
    case 'header':
      return wanted.name === 'host' ? exchange.host : exchange.request.headers.get(wanted.name);
    case 'cookie':
      return cookieValue(exchange.request.headers.get('cookie'), wanted.name);
    case 'rule':
    case 'rdp-cookie':
      return null;
  }
}

function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** The first one of that name, as sent: percent-encoding stays. */
function queryValue(target: string, name: string): string | null {
  const query = target.indexOf('?');
  return query === -1 ? null : firstPair(target.slice(query + 1), '&', name);
}

/** The first one of that name (RFC 6265 5.4), quotes included. */
function cookieValue(field: string | null, name: string): string | null {
  return field === null ? null : firstPair(field, ';', name);
}

function firstPair(text: string, separator: string, name: string): string | null {
  let start = 0;
  while (start < text.length) {
    while (text[start] === ' ') start++;
    const found = text.indexOf(separator, start);
    const end = found === -1 ? text.length : found;
    if (text.startsWith(name, start) && text[start + name.length] === '=')
      return text.slice(start + name.length + 1, end).trimEnd();
    start = end + 1;
  }
  return null;
}
