import type { ProxyError } from '../shared/errors.ts';
import type { PassiveHealthConfig } from '../shared/health-types.ts';
import type { Backend } from '../upstreams/backend.ts';
import type { Ejection } from '../upstreams/health.ts';
import { noteAnswer, noteAttempt, noteEnd, noteFailure } from '../upstreams/passive-checks.ts';
import type { Exchange } from './exchange.ts';

/** What the attempts of an exchange say of the health of their backends (docs/health.md). */

export function attemptBegins(exchange: Exchange, { runtime }: Backend): void {
  if (settingsOf(exchange) !== null) noteAttempt(runtime);
}

export function attemptAnswered(exchange: Exchange, status: number): void {
  const { backend } = exchange;
  const settings = settingsOf(exchange);
  if (settings === null || backend === null) return;
  report(exchange, backend, noteAnswer(backend.runtime, settings, status, exchange.answeredMs));
}

/** `error`: why there is no answer, or only a part of one. */
export function attemptFailed(exchange: Exchange, backend: Backend, error: ProxyError): void {
  const settings = settingsOf(exchange);
  // A backend that refuses a stream is about to end the connection, in good order (RFC 9113 8.7).
  if (settings === null || error.source !== 'backend' || error.code === 'stream-refused') return;
  report(exchange, backend, noteFailure(backend.runtime, settings, error.message, performance.now()));
}

export function attemptEnds(exchange: Exchange, { runtime }: Backend): void {
  if (runtime.passive.phase === 'trying' && settingsOf(exchange) !== null) noteEnd(runtime);
}

/** null: nobody looks; there is nothing to choose from where there is one backend only. */
function settingsOf({ upstream }: Exchange): PassiveHealthConfig | null {
  return upstream === null || upstream.backends.length < 2 ? null : upstream.config.passiveHealth;
}

function report(exchange: Exchange, { addressText }: Backend, ejection: Ejection | null): void {
  if (ejection === null) return;
  const { forMs, reason } = ejection;
  exchange.service.log.warn(
    { upstream: exchange.upstream?.name, backend: addressText, reason, forMs },
    'a backend is left out for a while',
  );
}
