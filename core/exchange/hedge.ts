import type { Attempt, AttemptOwner } from '../forward/http.ts';
import { ProxyError } from '../shared/errors.ts';
import { isSafe } from '../shared/methods.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { attemptAnswered, attemptFailed, beginAttempt, leave } from './attempts.ts';
import type { Exchange } from './exchange.ts';
import { metStaleConnection } from './try-again.ts';
import { hasBody, type ResponseHead } from './streams.ts';

/** The request path, whose own attempt runs besides. */
export interface HedgeOwner {
  readonly exchange: Exchange;
  /** The second attempt was faster: `take` it. */
  onHedgeAnswered(attempt: Attempt, head: ResponseHead): void;
}

/**
 * A second attempt on another backend, which begins when the first has not been answered for a while. Until one
 * of the two wins the owner hears nothing of it; a failure of this one changes nothing.
 */
export class Hedge implements AttemptOwner {
  readonly #owner: HedgeOwner;
  readonly #upstream: Upstream;
  readonly #timer: NodeJS.Timeout;
  #attempt: Attempt | null = null;

  /** null: none is wanted, or fit. */
  static wait(owner: HedgeOwner, upstream: Upstream): Hedge | null {
    const { hedge } = upstream.config.retries;
    if (hedge === null) return null;
    const { method, request, pickedBy } = owner.exchange;
    if (!isSafe(method) || hasBody(request.framing) || request.upgrade !== null) return null;
    // Another backend does not know its session: that would answer faster, and wrongly.
    if (pickedBy === 'session') return null;
    return new Hedge(owner, upstream, hedge.afterMs);
  }

  constructor(owner: HedgeOwner, upstream: Upstream, afterMs: number) {
    this.#owner = owner;
    this.#upstream = upstream;
    this.#timer = setTimeout(() => this.#begin(), afterMs);
  }

  get isUnderWay(): boolean {
    return this.#attempt !== null;
  }

  #begin(): void {
    const { exchange } = this.#owner;
    const { retries } = this.#upstream.config;
    // Between two attempts there is nobody to be faster than.
    if (exchange.attempt === null || exchange.attemptsHere >= retries.attempts) return;
    const backend = this.#upstream.pick(exchange.tried, exchange);
    if (backend === undefined || !this.#upstream.budget.take(retries.budget, performance.now())) return;
    exchange.tried.push(backend);
    if (this.#start(backend, false)) this.#upstream.budget.hedges += 1;
  }

  #start(backend: AddressBackend, secondTry: boolean): boolean {
    const { exchange } = this.#owner;
    const attempt = beginAttempt(this, exchange, backend, secondTry);
    if (attempt === null || attempt instanceof ProxyError) return false;
    this.#attempt = attempt;
    attempt.start(exchange.method, backend.settings);
    return true;
  }

  /** Hands the attempt over, if one is under way: whoever takes it is its owner. */
  take(): Attempt | null {
    const attempt = this.#attempt;
    this.#attempt = null;
    return attempt;
  }

  /** The first attempt has won, or nobody waits any more. */
  stop(): void {
    clearTimeout(this.#timer);
    const attempt = this.take();
    if (attempt === null) return;
    attempt.abort();
    leave(this.#owner.exchange, attempt);
  }

  // --- of the attempt ------------------------------------------------------------------------

  onAnswerHead(attempt: Attempt, head: ResponseHead): void {
    const { statuses } = this.#upstream.config.retries;
    if (statuses.includes(head.status)) {
      // The first one may still do better.
      attemptAnswered(this.#owner.exchange, attempt, head, performance.now());
      return this.stop();
    }
    this.#owner.onHedgeAnswered(attempt, head);
  }

  onAttemptFailed(attempt: Attempt, error: ProxyError): void {
    const { exchange } = this.#owner;
    const metStale = metStaleConnection(attempt, error);
    if (!metStale) attemptFailed(exchange, attempt, error);
    this.#attempt = null;
    leave(exchange, attempt);
    if (metStale) this.#start(attempt.backend, true);
  }

  /** Nobody asked for it: the connection is of no use any more. */
  onSwitchProtocols(attempt: Attempt): void {
    const error = new ProxyError('response-malformed', 'backend', 'a 101 that nobody asked for');
    attemptFailed(this.#owner.exchange, attempt, error);
    this.stop();
  }

  onConnected(): void {}

  /** Early hints of an answer that may not come are worth nothing. */
  onInformational(): void {}

  // What follows a head goes to the owner.

  onAnswerData(): boolean {
    return true;
  }

  onAnswerPause(): void {}

  onAnswerEnd(): void {}
}
