import { ProxyError } from '../shared/errors.ts';
import type { RequestDecision } from '../shared/rule-script.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { applyEdits } from './apply-edits.ts';
import type { Exchange } from './exchange.ts';
import { hostWithoutPort } from './routes.ts';
import { ruleFault } from './rule-calls.ts';

/** The upstream that a rule forwards to, with what the rule changes of the request. */
export function placeByRule(
  exchange: Exchange,
  decision: Extract<RequestDecision, { kind: 'forward' }>,
): Upstream | ProxyError {
  const upstream = exchange.service.upstreams.get(decision.upstream);
  if (upstream === undefined)
    return ruleFault(`the rule forwards to the unknown upstream ${decision.upstream}`);
  applyEdits(exchange.request.headers, decision.edits);
  if (decision.target !== null) exchange.forwardTarget = decision.target;
  if (decision.host !== null) exchange.host = decision.host;
  return upstream;
}

/** The upstream that the listener's table names, else the listener's own. */
export function placeByRoute(exchange: Exchange): Upstream | ProxyError {
  const { routes, upstreams, upstream } = exchange.service;
  const { headers } = exchange.request;
  const host = hostWithoutPort(exchange.host);
  const match = routes.match(host, exchange.path, exchange.method, (name) => headers.get(name));
  if (match !== undefined) {
    exchange.route = match.index;
    const target = upstreams.get(match.route.upstream);
    if (target !== undefined) return target;
  }
  return (
    upstream ?? new ProxyError('no-route', 'client', 'no route matches and the listener has no upstream')
  );
}
