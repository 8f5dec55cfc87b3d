import { normalisePath } from '../shared/normalise-path.ts';
import type { RequestDecision } from '../shared/rule-script.ts';
import type { SchedulerKey } from '../shared/scheduler-key.ts';
import { cookieValues } from './cookies.ts';
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
      return cookieValues(exchange.request.headers, wanted.name)[0] ?? null;
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
  if (query === -1) return null;
  let start = query + 1;
  while (start < target.length) {
    const found = target.indexOf('&', start);
    const end = found === -1 ? target.length : found;
    if (target.startsWith(name, start) && target[start + name.length] === '=')
      return target.slice(start + name.length + 1, end);
    start = end + 1;
  }
  return null;
}
