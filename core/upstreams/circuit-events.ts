import type { AddressBackend } from './backend.ts';

/** What befalls attempts, told to the circuit breakers of their backends, which most backends have none of. `now`: of performance.now(). */

/** @returns the attempt's ticket; 0 where there is no breaker */
export function circuitBegin({ runtime, settings }: AddressBackend): number {
  const breaker = settings.circuitBreaker;
  if (breaker === null) return 0;
  const ticket = runtime.circuit.begin();
  runtime.circuitOpen = runtime.circuit.keepsAway(breaker);
  return ticket;
}

/** By its head, the answer is a good one: enough for a trial, since it may last for hours. */
export function circuitAnswered({ runtime, settings }: AddressBackend, ticket: number, now: number): void {
  const breaker = settings.circuitBreaker;
  if (breaker === null || runtime.circuit.phase !== 'half-open') return;
  runtime.circuit.succeeded(ticket, breaker, now);
  runtime.circuitOpen = runtime.circuit.keepsAway(breaker);
}

/** An attempt has failed, or was answered with a 5xx: the backend has trouble of its own. */
export function circuitFailed({ runtime, settings }: AddressBackend, ticket: number, now: number): void {
  const breaker = settings.circuitBreaker;
  if (breaker === null || !runtime.circuit.failed(ticket, breaker, now)) return;
  runtime.circuitOpen = true;
  setTimeout(() => {
    runtime.circuit.onTimeServed();
    runtime.circuitOpen = runtime.circuit.keepsAway(breaker);
  }, breaker.openForMs).unref();
}

/** Once for each attempt that began. `isAnswered`: well, if `ticket` is still the one that it got, and to the end. */
export function circuitLeft(
  { runtime, settings }: AddressBackend,
  ticket: number,
  isAnswered: boolean,
): void {
  const breaker = settings.circuitBreaker;
  if (breaker === null) return;
  if (isAnswered && runtime.circuit.phase === 'closed')
    runtime.circuit.succeeded(ticket, breaker, performance.now());
  runtime.circuit.left(ticket);
  runtime.circuitOpen = runtime.circuit.keepsAway(breaker);
}
