import { ProxyError } from '../shared/errors.ts';
import type { RequestDecision } from '../shared/rule-script.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { applyEdits } from './apply-edits.ts';
import type { Exchange } from './exchange.ts';
import { hostWithoutPort } from './routes.ts';
import { errorAnswer, redirectAnswer, type LocalAnswer } from './respond.ts';
import { ruleFault } from './rule-calls.ts';

/** What a rule's decision comes to: an upstream, or an answer of the proxy's own. */
export function carryOut(exchange: Exchange, decision: RequestDecision): Upstream | LocalAnswer | ProxyError {
  switch (decision.kind) {
    case 'next':
      applyEdits(exchange.request.headers, decision.edits);
      return placeByRoute(exchange);
    case 'forward':
      return placeByRule(exchange, decision);
    case 'redirect':
      return redirectAnswer(decision.status, decision.location);
    case 'respond':
      return decision;
    case 'deny':
      return errorAnswer(exchange, decision.status);
    case 'fault':
      return ruleFault(decision.reason);
  }
}

/** The upstream that a rule forwards to, with what the rule changes of the request. */
function placeByRule(
  exchange: Exchange,
  decision: Extract<RequestDecision, { kind: 'forward' }>,
): Upstream | ProxyError {
  const upstream = exchange.service.upstreams.get(decision.upstream);
  if (upstream === undefined)
    return ruleFault(`the rule forwards to the unknown upstream ${decision.upstream}`);
  // The script has the last word.
  exchange.plugins?.takePlaced();
  applyEdits(exchange.request.headers, decision.edits);
  if (decision.target !== null) exchange.forwardTarget = decision.target;
  if (decision.host !== null) exchange.host = decision.host;
  return upstream;
}

/** The upstream that a plugin has named, else the listener's table, else the listener's own. */
export function placeByRoute(exchange: Exchange): Upstream | ProxyError {
  const { routes, upstreams, upstream } = exchange.service;
  const placed = exchange.plugins?.takePlaced() ?? null;
  if (placed !== null) return placed;
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
