import type { Attempt } from '../forward/http.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { PassiveHealthConfig } from '../shared/health-types.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { Ejection } from '../upstreams/health.ts';
import { noteAnswer, noteAttempt, noteBrokenOff, noteEnd, noteFailure } from '../upstreams/passive-checks.ts';
import type { Exchange } from './exchange.ts';

/** What the attempts of an exchange say of the health of their backends (docs/health.md). */

export function attemptBegins(exchange: Exchange, backend: AddressBackend): void {
  if (settingsOf(exchange, backend) !== null) noteAttempt(backend.runtime);
}

export function attemptAnswered(
  exchange: Exchange,
  backend: AddressBackend,
  status: number,
  nowMs: number,
): void {
  const settings = settingsOf(exchange, backend);
  if (settings !== null) report(exchange, backend, noteAnswer(backend.runtime, settings, status, nowMs));
}

/** `error`: why there is no answer, or only a part of one. */
export function attemptFailed(exchange: Exchange, { backend, isAnswered }: Attempt, error: ProxyError): void {
  const settings = settingsOf(exchange, backend);
  // A backend that refuses a stream is about to end the connection, in good order (RFC 9113 8.7).
  if (settings === null || error.source !== 'backend' || error.code === 'stream-refused') return;
  const note = isAnswered ? noteBrokenOff : noteFailure;
  report(exchange, backend, note(backend.runtime, settings, error.message, performance.now()));
}

export function attemptEnds(exchange: Exchange, { backend, isAnswered, hasFailed }: Attempt): void {
  if (settingsOf(exchange, backend) !== null) noteEnd(backend.runtime, isAnswered && !hasFailed);
}

/** null: nobody looks; there is nothing to choose from where there is one backend only. */
function settingsOf({ upstream }: Exchange, { settings }: AddressBackend): PassiveHealthConfig | null {
  if (upstream === null || upstream.backends.length + upstream.nested.length < 2) return null;
  return settings.passiveHealth;
}

function report(
  exchange: Exchange,
  { addressText, settings }: AddressBackend,
  ejection: Ejection | null,
): void {
  if (ejection === null) return;
  const { forMs, reason } = ejection;
  exchange.service.log.warn(
    { upstream: settings.name, backend: addressText, reason, forMs },
    'a backend is left out for a while',
  );
}
