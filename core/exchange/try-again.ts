import type { Attempt } from '../forward/http.ts';
import {
  afterFailure,
  canBeginAnew,
  isStale,
  isWorthRetrying,
  type RetryDecision,
} from '../forward/retry.ts';
import { ProxyError } from '../shared/errors.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { Exchange } from './exchange.ts';
import type { BackendStream } from './streams.ts';

/** What follows an attempt that has failed before any byte of an answer was passed on. */
export function decideAfterFailure(exchange: Exchange, attempt: Attempt, error: ProxyError): RetryDecision {
  const { upstream, method, hedge } = exchange;
  if (upstream === null) return 'give-up';
  // There is another one already.
  if (hedge?.isUnderWay === true)
    return metStaleConnection(attempt, error) ? 'fresh-connection' : 'another-backend';
  const { retries } = upstream.config;
  const decision = afterFailure({
    error,
    method,
    attempts: exchange.attemptsHere,
    retries,
    bodyIsGone: exchange.body?.isWhole === false,
    reusedConnection: reusedConnection(attempt),
  });
  if (decision !== 'another-backend') return decision;
  const isPossible =
    upstream.candidates().length > 0 && upstream.budget.take(retries.budget, performance.now());
  return isPossible ? 'another-backend' : 'fallback';
}

export function metStaleConnection(attempt: Attempt, error: ProxyError): boolean {
  return isStale(error, reusedConnection(attempt));
}

/** Once at a time: an HTTP/2 connection can have served others although it is fresh. */
function reusedConnection({ stream, isSecondTry }: Attempt): boolean {
  return stream.isReused && !isSecondTry;
}

/** Why an answer with this status is thrown away for another attempt, which the budget then has counted; null: it is passed on. */
export function decideOnAnswer(exchange: Exchange, status: number): ProxyError | null {
  const { upstream, method, hedge } = exchange;
  if (upstream === null || upstream.config.retries.statuses.length === 0) return null;
  const { retries } = upstream.config;
  const attempts = exchange.attemptsHere;
  const bodyIsGone = exchange.body?.isWhole === false;
  const isUnfit =
    hedge?.isUnderWay === true
      ? retries.statuses.includes(status)
      : isWorthRetrying({ status, method, attempts, retries, bodyIsGone }) &&
        upstream.candidates().length > 0 &&
        upstream.budget.take(retries.budget, exchange.answeredMs);
  return isUnfit ? new ProxyError('no-backend', 'proxy', `nobody is left after a ${status}`) : null;
}

/** The upstream that stands in for one which has nobody left to try; null: none does. */
export function takeFallback(exchange: Exchange, { budget, config }: Upstream): Upstream | null {
  const next = config.fallback === null ? undefined : exchange.service.upstreams.get(config.fallback);
  if (next === undefined) return null;
  budget.fallbacks += 1;
  exchange.upstream = next;
  exchange.attemptsElsewhere = exchange.attempts;
  exchange.pickedBy = 'scheduler';
  exchange.stickyId = null;
  exchange.hedge?.stop();
  exchange.hedge = null;
  next.budget.countRequest(performance.now());
  return next;
}

/** How much of the request's body is kept for an attempt that may follow one over this connection. */
export function bytesToKeep({ method, request, upstream }: Exchange, stream: BackendStream): number {
  if (upstream === null || !canBeginAnew(method, stream.mayGoUnread)) return 0;
  const { retries, fallback } = upstream.config;
  // A connection that was idle may be stale, which leads to another attempt whatever the config says.
  if (retries.attempts === 1 && fallback === null && !stream.isReused) return 0;
  const { framing } = request;
  return framing.kind === 'length' && framing.bytes > retries.bodyBytes ? 0 : retries.bodyBytes;
}
