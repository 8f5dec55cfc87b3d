import type { ProxyError } from '../shared/errors.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { KeySource, Upstream } from '../upstreams/upstream.ts';

/** With so many backends tried, one that has all its connections in use, or none to give, is not followed by another. */
const MAX_TRIED = 16;

/** Who has asked backends in vain. */
export interface Seeker extends KeySource {
  readonly tried: readonly AddressBackend[];
  /** When it was decided which upstream it goes to, on the clock of performance.now(). */
  readonly placedMs: number;
}

/** A backend that was not tried yet, in the place of one with which no connection came about, for `error`. */
export function nextToAsk(seeker: Seeker, upstream: Upstream, error: ProxyError): AddressBackend | undefined {
  const { tried, placedMs } = seeker;
  if (tried.length >= MAX_TRIED) return undefined;
  if (error.code !== 'connect-failed') return upstream.pick(tried, seeker);
  const { retries, timeouts } = upstream.config;
  const now = performance.now();
  // To fail may take its time, too.
  if (now - placedMs >= timeouts.connectMs) return undefined;
  const next = upstream.pick(tried, seeker) ?? upstream.pickReserve(tried, seeker);
  return next !== undefined && upstream.budget.take(retries.budget, now) ? next : undefined;
}
