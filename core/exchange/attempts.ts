import { Attempt, type AttemptOwner } from '../forward/http.ts';
import { ProxyError } from '../shared/errors.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import { circuitAnswered, circuitBegin, circuitFailed, circuitLeft } from '../upstreams/circuit-events.ts';
import { placesChanged } from '../upstreams/queue/waiting-queue.ts';
import { acquireConnection } from './acquire.ts';
import type { Exchange } from './exchange.ts';
import * as passive from './passive-health.ts';
import { takeReportedWeight } from './reported-weight.ts';
import { fieldsForAttempt } from './plugins/upstream-hooks.ts';
import { RequestHeadForBackend } from './request-head.ts';
import type { ResponseHead } from './streams.ts';

/** What attempts do to the counters of their backends, and say of them. */

/** One that is still to be started. `leave` takes back what it counts. `secondTry`: that before it met a stale connection, and has been counted. null: a plugin has ended the exchange. */
export function beginAttempt(
  owner: AttemptOwner,
  exchange: Exchange,
  backend: AddressBackend,
  secondTry: boolean,
): Attempt | ProxyError | null {
  const fields = fieldsForAttempt(exchange, backend);
  if (fields === null || fields instanceof ProxyError) return fields;
  const connection = acquireConnection(exchange, backend, secondTry);
  if (connection instanceof ProxyError) return connection;
  const { runtime } = backend;
  runtime.inFlight += 1;
  if (!secondTry) {
    exchange.attempts += 1;
    runtime.requests += 1;
    runtime.traffic.count(exchange.attemptsHere > 1 ? 'other' : exchange.pickedBy, exchange.placedMs);
  }
  const head = new RequestHeadForBackend(exchange, backend.address, fields);
  const attempt = new Attempt(owner, backend, connection, head, exchange);
  attempt.isSecondTry = secondTry;
  passive.attemptBegins(exchange, backend);
  attempt.circuitTicket = circuitBegin(backend);
  return attempt;
}

/** Makes it the one that the client's answer is to come from. */
export function takeAttempt(owner: AttemptOwner, exchange: Exchange, attempt: Attempt): void {
  attempt.owner = owner;
  exchange.attempt = attempt;
  exchange.lastBackend = attempt.backend;
  exchange.connectedMs = attempt.connectedMs;
  // That of an answer which was thrown away.
  exchange.answeredMs = 0;
}

/** Its answer's head has come. */
export function attemptAnswered(
  exchange: Exchange,
  attempt: Attempt,
  { status, headers }: ResponseHead,
  nowMs: number,
): void {
  const { backend } = attempt;
  attempt.isAnswered = true;
  backend.runtime.recordAnswer(status, attempt.connectedMs, nowMs);
  takeReportedWeight(exchange, backend, headers);
  passive.attemptAnswered(exchange, backend, status, nowMs);
  if (status >= 500) countInCircuit(attempt, nowMs);
  else circuitAnswered(backend, attempt.circuitTicket, nowMs);
}

/** It has failed, before an answer or in the middle of one; which is held against the backend where that is at fault. */
export function attemptFailed(exchange: Exchange, attempt: Attempt, error: ProxyError): void {
  const { backend } = attempt;
  if (error.source !== 'backend') return;
  backend.runtime.errors += 1;
  passive.attemptFailed(exchange, attempt, error);
  attempt.hasFailed = true;
  countInCircuit(attempt, performance.now());
}

/** As a failure, but once: a 5xx may break off, too. */
function countInCircuit(attempt: Attempt, nowMs: number): void {
  circuitFailed(attempt.backend, attempt.circuitTicket, nowMs);
  attempt.circuitTicket = 0;
}

/** It is over, whatever came of it: once for each. */
export function leave(exchange: Exchange, attempt: Attempt): void {
  const { backend, circuitTicket, isAnswered } = attempt;
  backend.runtime.inFlight -= 1;
  passive.attemptEnds(exchange, attempt);
  circuitLeft(backend, circuitTicket, isAnswered);
  placesChanged();
}

/** The attempt under way is over. */
export function leaveBackend(exchange: Exchange): void {
  const { attempt } = exchange;
  if (attempt === null) return;
  exchange.attempt = null;
  leave(exchange, attempt);
}

/** Nothing of any backend is wanted any more: no attempt, no place in line, nobody to send the body to, and no transform that might still object to it. */
export function leaveUpstream(exchange: Exchange): void {
  exchange.hedge?.stop();
  exchange.placeInLine?.leave();
  abortAttempt(exchange);
  exchange.body?.drop();
  exchange.plugins?.closeRequestBodies();
}

/** Ends the attempt under way, if there is one; no event of it follows. */
export function abortAttempt(exchange: Exchange): void {
  exchange.attempt?.abort();
  leaveBackend(exchange);
}
