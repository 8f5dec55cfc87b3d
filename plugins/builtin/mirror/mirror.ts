import { definePlugin, type PluginExchange, type PluginSubrequest } from '../../api.ts';
import { findIn } from '../conditions.ts';
import { fractionOf } from '../fraction-of.ts';
import type { Groups } from '../patterns.ts';
import { render } from '../templates.ts';
import { BodyCopy } from './body-copy.ts';
import { Copies } from './copies.ts';
import { copyOf, MARK, type CopiedBody } from './copy-of.ts';
import { mirrorOptions, type Options } from './options.ts';

/** A request of which a copy is to be made. */
interface Draft {
  /** What the conditions found in the request as it came here; what comes later may rewrite it. */
  readonly groups: Groups;
  /** null: it has none. */
  body: CopiedBody | null;
  /** null: it is not at a backend yet. */
  copy: PluginSubrequest | null;
}

/**
 * Sends copies of requests to another upstream, as they go to their backends, and forgets about them.
 *
 *     mirror({ upstream: 'next', percent: 10 })
 */
export default definePlugin({
  name: 'mirror',
  options: mirrorOptions,
  upstreams: ({ upstream }) => [{ name: upstream, path: ['upstream'] }],
  create(given, context) {
    const copies = new Copies(context, given);
    const drafts = new WeakMap<PluginExchange, Draft>();

    /** The body is whole, or will never be. It is not read before there is a backend to send it to. */
    const onBodyEnd = ({ copy }: Draft, body: Uint8Array | 'tooLarge' | 'notWhole'): void => {
      if (typeof body === 'string') copies.leave(body);
      else if (copy === null) copies.leave('notWhole');
      else copies.send({ ...copy, body });
    };

    return {
      request(exchange) {
        const { hasBody, bodyLength } = exchange.request;
        if (hasBody && given.body === undefined) return;
        const groups = chosenBy(given, exchange);
        if (groups === null) return;
        if ((bodyLength ?? 0) > (given.body?.largest ?? 0)) copies.passOver();
        else drafts.set(exchange, { groups, body: null, copy: null });
      },
      requestBody(exchange) {
        const draft = drafts.get(exchange);
        if (draft === undefined || given.body === undefined) return null;
        if (!copies.enter()) {
          drafts.delete(exchange);
          return null;
        }
        draft.body = { coding: exchange.request.headers.get('content-encoding') };
        const transform = new BodyCopy(given.body.largest, (body) => onBodyEnd(draft, body));
        return { transform, length: 'same' };
      },
      upstream(exchange) {
        const draft = drafts.get(exchange);
        // Another attempt sends the same.
        drafts.delete(exchange);
        if (draft === undefined) return;
        const copy = copyOf(exchange, given, draft);
        if (copy === null) return;
        if (draft.body !== null) draft.copy = copy;
        else if (copies.enter()) copies.send(copy);
        else return;
        exchange.setLogField('mirror', given.upstream);
      },
      status: () => copies.status(),
      close: () => copies.close(),
    };
  },
});

/** What the conditions found in a request that is to be copied; null: it is not. */
function chosenBy(given: Options, exchange: PluginExchange): Groups | null {
  const { headers } = exchange.request;
  // A copy that comes round; a WebSocket, of which there is nothing to copy but its handshake.
  if (headers.has(MARK) || headers.has('sec-websocket-key')) return null;
  const groups = findIn(given, exchange);
  if (groups === null) return null;
  const key = given.key === undefined ? '' : render(given.key, exchange, groups);
  // Not the fraction by which others share out the same keys.
  const fraction = key === '' ? Math.random() : fractionOf(`mirror ${key}`);
  return fraction * 100 < given.percent ? groups : null;
}
