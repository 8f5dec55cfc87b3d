import type { UpstreamConfig } from '../shared/config-types.ts';
import type { UpstreamFile } from './upstream-schema.ts';

/** What happens when a backend fails, and how long connections to one live. */

export function resolveRetries({
  attempts,
  on,
  budget,
  body,
  hedge,
}: UpstreamFile['retries']): UpstreamConfig['retries'] {
  return {
    attempts,
    on: on.filter((cause) => typeof cause !== 'number'),
    statuses: on.filter((cause) => typeof cause === 'number'),
    budget: budget === 'none' ? null : budget,
    bodyBytes: body,
    hedge: hedge === false ? null : { afterMs: hedge.after },
  };
}

export function resolveCircuitBreaker(
  breaker: UpstreamFile['circuitBreaker'],
): UpstreamConfig['circuitBreaker'] {
  if (breaker === false) return null;
  const { window, openFor, ...counts } = breaker;
  return { ...counts, windowMs: window, openForMs: openFor };
}

export function resolveConnections({
  maxAge,
  ...others
}: UpstreamFile['connections']): UpstreamConfig['connections'] {
  return { ...others, maxAgeMs: maxAge };
}
