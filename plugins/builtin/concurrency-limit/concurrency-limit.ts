import type { z } from 'zod';
import { definePlugin, textAnswer, type PluginAnswer, type PluginExchange } from '../../api.ts';
import { duration, flag, integer, object } from '../fields.ts';
import { keyOptionsForEveryone, requestKey } from '../request-key.ts';
import { Places, type Visit } from './places.ts';
import { SharedCounts } from './shared-counts.ts';

const options = object({
  max: integer(1, 1_000_000),
  ...keyOptionsForEveryone,
  queue: object({
    length: integer(0, 100_000),
    timeout: duration().default(5000),
  }).optional(),
  status: integer(400, 599).default(503),
  retryAfter: duration(1000).default(1000),
  dryRun: flag.default(false),
});

export type ConcurrencyLimitOptions = z.input<typeof options>;

/**
 * So many exchanges at a time, in all or for each client, API key, path …, with a queue for those above.
 *
 *     concurrencyLimit({ max: 100, queue: { length: 50, timeout: '2s' } })
 */
export default definePlugin({
  name: 'concurrency-limit',
  options,
  create: (settings, { siblings }) => {
    const { exempt, dryRun } = settings;
    const queue = { length: settings.queue?.length ?? 0, timeoutMs: settings.queue?.timeout ?? 0 };
    const counts = new SharedCounts(siblings);
    const places = new Places({ max: settings.max, queue }, counts);
    const keyOf = requestKey(settings);
    const visits = new WeakMap<PluginExchange, Visit>();
    const seen = { allowed: 0, queued: 0, refused: 0 };

    const refuse = (exchange: PluginExchange): PluginAnswer => {
      seen.refused += 1;
      exchange.setLogField('concurrencyLimit', 'refused');
      const answer = textAnswer(settings.status, 'Too many requests at a time\n');
      const retryAfter = String(Math.ceil(settings.retryAfter / 1000));
      return { ...answer, headers: { ...answer.headers, 'Retry-After': retryAfter } };
    };

    /** In the queue until there is a place, the time is over or the client has gone. */
    const wait = async (
      exchange: PluginExchange,
      visit: Visit,
      hasPlace: Promise<boolean>,
    ): Promise<PluginAnswer | undefined> => {
      const leave = (): void => places.leave(visit);
      if (exchange.signal.aborted) leave();
      exchange.signal.addEventListener('abort', leave, { once: true });
      const isInside = await hasPlace;
      exchange.signal.removeEventListener('abort', leave);
      if (exchange.signal.aborted) return undefined;
      if (!isInside) return refuse(exchange);
      seen.allowed += 1;
      return undefined;
    };

    return {
      request(exchange) {
        if (exempt?.has(exchange.clientAddress) === true) return undefined;
        const key = keyOf(exchange);
        if (dryRun) {
          if (places.isFull(key)) {
            seen.refused += 1;
            exchange.setLogField('concurrencyLimit', 'would refuse');
          } else {
            seen.allowed += 1;
          }
          visits.set(exchange, places.enterAnyway(key));
          return undefined;
        }
        const entered = places.enter(key);
        if (entered === null) return refuse(exchange);
        visits.set(exchange, entered.visit);
        if (entered.hasPlace !== true) {
          seen.queued += 1;
          return wait(exchange, entered.visit, entered.hasPlace);
        }
        seen.allowed += 1;
        return undefined;
      },
      log(exchange) {
        const visit = visits.get(exchange);
        if (visit !== undefined) places.leave(visit);
      },
      status: () => ({ keys: counts.keys, waiting: places.waiting, ...seen }),
      close: () => counts.close(),
    };
  },
});
