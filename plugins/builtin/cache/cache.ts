import { definePlugin, type PluginContext, type PluginExchange, type PluginHooks } from '../../api.ts';
import { AnswerStore } from './answer-store.ts';
import type { CacheParts } from './cache-parts.ts';
import { cacheStatus } from './cache-status.ts';
import { DiskTier } from './disk/disk-tier.ts';
import type { Errand } from './errand.ts';
import { Flights } from './flights.ts';
import { MemoryTier } from './memory-tier.ts';
import { options, type Options } from './options.ts';
import { Purges } from './purges.ts';
import { Refreshes } from './refreshes.ts';
import { conditionsFor } from './revalidate.ts';
import type { LowerTier } from './stored-answer.ts';
import { Uncacheable } from './uncacheable.ts';
import { WayIn } from './way-in.ts';
import { WayOut } from './way-out.ts';

/** Keeps answers that may be kept, and gives them to all who ask for the same (RFC 9111). */
export default definePlugin<Options>({
  name: 'cache',
  options,
  create: async (given, context) => hooksOf(partsOf(given, context, await openDisk(given, context))),
});

async function openDisk({ disk }: Options, context: PluginContext): Promise<LowerTier | null> {
  if (disk === undefined) return null;
  return DiskTier.open({ ...disk, folder: context.resolve(disk.folder), log: context.log });
}

function partsOf(given: Options, context: PluginContext, lower: LowerTier | null): CacheParts {
  const { size, largest } = given.memory;
  // What is on its way in has half of the room.
  const limits = { ...given.memory, largest: Math.min(largest, size / 2), variants: given.variants };
  const memory = new MemoryTier(limits);
  return {
    options: given,
    context,
    store: new AnswerStore(memory, lower, given.disk?.largest ?? 0),
    flights: new Flights(),
    uncacheable: new Uncacheable(given.uncacheableFor),
    telling: given.cacheStatus.enabled ? given.cacheStatus : null,
    keeping: { setCookie: given.setCookie, hidden: given.tags.remove ? given.tags.header : null },
    sums: { hits: 0, stale: 0, misses: 0, revalidated: 0, bypassed: 0, collapsed: 0, purged: 0 },
  };
}

function hooksOf(parts: CacheParts): PluginHooks {
  const errands = new WeakMap<PluginExchange, Errand>();
  const bypassed = new WeakMap<PluginExchange, string>();
  const wayIn = new WayIn(parts, new Refreshes(parts), errands, bypassed);
  const wayOut = new WayOut(parts);
  const purges = new Purges(parts);
  const { store, sums, telling } = parts;
  const { tags } = parts.options;
  return {
    request(exchange) {
      const { method } = exchange.request;
      return method === 'GET' || method === 'HEAD' ? wayIn.take(exchange) : purges.take(exchange);
    },

    upstream(exchange) {
      const errand = errands.get(exchange);
      if (errand === undefined) return;
      const { headers } = exchange.request;
      errand.sent = headers;
      if (!errand.asksWhole) return;
      for (const name of ['range', 'if-range', 'if-none-match', 'if-modified-since']) headers.delete(name);
      if (errand.stale === null) return;
      for (const [name, value] of Object.entries(conditionsFor(errand.stale.head))) headers.set(name, value);
    },

    response(exchange) {
      const errand = errands.get(exchange);
      if (errand !== undefined) return wayOut.head(exchange, errand);
      const bypassedKey = bypassed.get(exchange);
      const key = bypassedKey ?? purges.afterChange(exchange);
      if (key === null) return undefined;
      if (tags.remove) exchange.response.headers.delete(tags.header);
      if (telling === null) return undefined;
      const forwarded = bypassedKey === undefined ? 'method' : 'bypass';
      exchange.response.headers.append('Cache-Status', cacheStatus({ forwarded }, key, telling));
      return undefined;
    },

    responseBody(exchange) {
      const errand = errands.get(exchange);
      return errand === undefined ? null : wayOut.body(exchange, errand);
    },

    log(exchange) {
      // Its client may have left before there was an answer.
      const errand = errands.get(exchange);
      if (errand !== undefined && !errand.isKeeping) errand.flight?.land('lost');
    },

    status: () => ({
      entries: store.memory.size,
      bytes: store.memory.bytes,
      evicted: store.memory.evicted,
      ...sums,
      ...store.lower?.status(),
    }),

    async close() {
      purges.close();
      await store.lower?.close();
    },
  };
}
