import { definePlugin, textAnswer, type PluginExchange, type PluginHooks } from '../../api.ts';
import { machineNow } from '../machine-clock.ts';
import { connectionKey, requestKey } from '../request-key.ts';
import type { Counter } from './counter.ts';
import { KeyTable } from './key-table.ts';
import { options, type Options } from './options.ts';
import { limitField, policyField } from './rate-limit-fields.ts';
import { SharedTakes } from './shared-takes.ts';
import { SlidingWindow } from './sliding-window.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * So many requests a second, minute or hour, for each client, API key, path …; the same for all workers of the machine.
 *
 *     rateLimit({ limits: [{ requests: 100, per: '1s', burst: 200 }], key: 'header:x-api-key' })
 */
export default definePlugin({
  name: 'rate-limit',
  options,
  create: (settings, { siblings }) => {
    const Algorithm = settings.algorithm === 'token-bucket' ? TokenBucket : SlidingWindow;
    const table = new KeyTable(settings.maxKeys, () => settings.limits.map((limit) => new Algorithm(limit)));
    return limitRequests(settings, table, new SharedTakes(siblings, table, machineNow));
  },
});

function limitRequests(settings: Options, table: KeyTable, shared: SharedTakes): PluginHooks {
  const { limits, exempt, dryRun } = settings;
  const keyOf = requestKey(settings);
  const policy = policyField(limits);
  const counted = new WeakMap<PluginExchange, readonly Counter[]>();
  const counts = { allowed: 0, refused: 0 };
  const connectionKeyOf = connectionKey(settings);
  /** Takes one if it may, else says how long there is none. */
  const take = (key: string, counters: readonly Counter[], now: number): number => {
    let waitMs = 0;
    for (const counter of counters) waitMs = Math.max(waitMs, counter.waitMs(now));
    counts[waitMs === 0 ? 'allowed' : 'refused'] += 1;
    if (waitMs > 0) return waitMs;
    for (const counter of counters) counter.take(now, 1);
    shared.add(key);
    return 0;
  };
  const hooks: PluginHooks = {
    connect({ address, protocol }) {
      // the requests on it are what counts
      if (protocol === 'http' || protocol === 'https' || exempt?.has(address) === true) return undefined;
      const now = machineNow();
      const key = connectionKeyOf(address);
      return take(key, table.get(key, now), now) === 0 || dryRun ? undefined : 'deny';
    },
    request(exchange) {
      if (exempt?.has(exchange.clientAddress) === true) return undefined;
      const now = machineNow();
      const key = keyOf(exchange);
      const counters = table.get(key, now);
      const waitMs = take(key, counters, now);
      if (settings.headers) counted.set(exchange, counters);
      if (waitMs === 0) return undefined;
      exchange.setLogField('rateLimit', dryRun ? 'would refuse' : 'refused');
      if (dryRun) return undefined;
      const answer = textAnswer(settings.status, 'Too many requests\n');
      const retryAfter = String(Math.max(1, Math.ceil(waitMs / 1000)));
      const fields = settings.headers
        ? { 'RateLimit-Policy': policy, RateLimit: limitField(limits, counters, now) }
        : {};
      return { ...answer, headers: { ...answer.headers, 'Retry-After': retryAfter, ...fields } };
    },
    status: () => ({ keys: table.size, forgotten: table.forgotten, ...counts }),
    close: () => shared.close(),
  };
  if (!settings.headers) return hooks;
  return {
    ...hooks,
    response(exchange) {
      const counters = counted.get(exchange);
      if (counters === undefined) return;
      // lists both: a backend that limits, too, has its own in front
      exchange.response.headers.append('RateLimit-Policy', policy);
      exchange.response.headers.append('RateLimit', limitField(limits, counters, machineNow()));
    },
  };
}
