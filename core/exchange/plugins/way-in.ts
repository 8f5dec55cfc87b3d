import type { PluginChain } from '../../../plugins/contract/chain.ts';
import { ProxyError } from '../../shared/errors.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import type { Exchange } from '../exchange.ts';
import { transformedAgain } from '../request-body-owner.ts';
import type { AnswerOwner } from './way-out.ts';
import { ExchangePlugins } from './exchange-plugins.ts';
import { prepareRequestBody } from './request-body.ts';

/** The way of a request through plugins. `then`: called when they have left it to go on; not, when one of them ends it. */

export function enterListener(owner: AnswerOwner, chain: PluginChain, then: () => void): void {
  const plugins = pluginsOf(owner);
  plugins.enter(chain, () => {
    const { exchange } = owner;
    // What the rule script will see.
    if (plugins.headChanged) exchange.head = exchange.request.headers.toText();
    then();
  });
}

/** Whether there are any for a request that is placed: those of its listener may have to do with its body. */
export function meetsPlugins({ plugins, service }: Exchange): boolean {
  return plugins !== null || service.routePlugins !== null || service.upstreamPlugins !== null;
}

/** Those of the route, then those of the upstream. A plugin may have placed it elsewhere in the end. */
export function enterPlace(owner: AnswerOwner, upstream: Upstream, then: (last: Upstream) => void): void {
  const { route, service } = owner.exchange;
  owner.exchange.upstream = upstream;
  const chain = route === null ? undefined : service.routePlugins?.get(route);
  const goOn = (last: Upstream): void => prepareBody(owner, () => then(last));
  if (chain === undefined) return enterUpstream(owner, upstream, goOn);
  const plugins = pluginsOf(owner);
  plugins.enter(chain, () => enterUpstream(owner, plugins.takePlaced() ?? upstream, goOn));
}

/** Those of an upstream, unless it was here before. */
function enterUpstream(owner: AnswerOwner, upstream: Upstream, then: (last: Upstream) => void): void {
  const { exchange } = owner;
  exchange.upstream = upstream;
  const chain = exchange.service.upstreamPlugins?.get(upstream.name);
  if (chain === undefined || exchange.plugins?.stages.some((stage) => stage.chain === chain) === true)
    return then(upstream);
  const plugins = pluginsOf(owner);
  plugins.enter(chain, () => {
    const placed = plugins.takePlaced();
    if (placed === null || placed === upstream) then(upstream);
    else enterUpstream(owner, placed, then);
  });
}

/** Those of an upstream that stands in for another one. What is kept of the body passes their transforms, too. */
export function enterFallback(owner: AnswerOwner, upstream: Upstream, then: (last: Upstream) => void): void {
  enterUpstream(owner, upstream, (last) => prepareBody(owner, () => then(last)));
}

function prepareBody(owner: AnswerOwner, then: () => void): void {
  const { exchange } = owner;
  const transformed = prepareRequestBody(exchange);
  if (transformed instanceof ProxyError) return owner.fail(transformed);
  if (exchange.finished || exchange.plugins?.out != null) return;
  if (transformed !== null && exchange.body !== null)
    exchange.body = transformedAgain(owner, exchange.body, transformed);
  then();
}

function pluginsOf(owner: AnswerOwner): ExchangePlugins {
  return (owner.exchange.plugins ??= new ExchangePlugins(owner));
}
