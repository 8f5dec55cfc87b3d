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

/** A 5xx is a failure: the backend has trouble of its own. */
export function circuitAnswered(backend: AddressBackend, ticket: number, status: number, now: number): void {
  const { runtime, settings } = backend;
  const breaker = settings.circuitBreaker;
  if (breaker === null) return;
  if (status >= 500) return circuitFailed(backend, ticket, now);
  runtime.circuit.succeeded(ticket, breaker, now);
  runtime.circuitOpen = runtime.circuit.keepsAway(breaker);
}

export function circuitFailed({ runtime, settings }: AddressBackend, ticket: number, now: number): void {
  const breaker = settings.circuitBreaker;
  if (breaker === null || !runtime.circuit.failed(ticket, breaker, now)) return;
  runtime.circuitOpen = true;
  setTimeout(() => {
    runtime.circuit.onTimeServed();
    runtime.circuitOpen = runtime.circuit.keepsAway(breaker);
  }, breaker.openForMs).unref();
}

/** Once for each attempt that began. */
export function circuitLeft({ runtime, settings }: AddressBackend, ticket: number): void {
  const breaker = settings.circuitBreaker;
  if (breaker === null) return;
  runtime.circuit.left(ticket);
  runtime.circuitOpen = runtime.circuit.keepsAway(breaker);
}
