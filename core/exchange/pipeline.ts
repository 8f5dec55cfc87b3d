import type { Attempt, AttemptOwner } from '../forward/http.ts';
import { checkSwitch } from '../forward/websocket.ts';
import { nextToAsk } from '../forward/next-to-ask.ts';
import type { RetryDecision } from '../forward/retry.ts';
import { ProxyError } from '../shared/errors.ts';
import type { DecisionTaker, RequestDecision } from '../shared/rule-script.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import { placeOrLine, type PlaceTaker } from '../upstreams/queue/place-in-line.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { answerChallenge } from './answer-challenge.ts';
import { AnswerPath } from './answer-path.ts';
import {
  abortAttempt,
  attemptAnswered,
  attemptFailed,
  beginAttempt,
  leaveBackend,
  takeAttempt,
} from './attempts.ts';
import { checkRequest } from './check-request.ts';
import type { Exchange } from './exchange.ts';
import { countIn } from './finish.ts';
import { Hedge, type HedgeOwner } from './hedge.ts';
import { carryOut, placeByRoute } from './place.ts';
import { enterFallback, enterListener, enterPlace, meetsPlugins } from './plugins/way-in.ts';
import { redirectToHttps } from './redirect-to-https.ts';
import { bodyToSend } from './request-body-owner.ts';
import type { LocalAnswer } from './respond.ts';
import { pickByRule } from './rule-calls.ts';
import { stickyBackend } from './sticky-session.ts';
import type { ResponseHead } from './streams.ts';
import { decideAfterFailure, decideOnAnswer, takeFallback } from './try-again.ts';
import { takeWebSocketPlace } from './websocket-place.ts';

/** Where no script is asked: it goes on as after one that says nothing. */
const NO_DECISION: RequestDecision = { kind: 'next', edits: [] };

/**
 * The path of every HTTP request, top to bottom:
 *
 *   1 begin → 2 check → 3 the listener's plugins → 4 rule → 5 route → 6 the plugins of route and upstream
 *   → 7 pick → 8 attempt → 9 answer → 10 end
 *
 * Any step may leave it with an answer of the proxy's own (`answer`, `fail`). There is one object
 * of this class for each exchange, and `end` runs exactly once for it, whatever happens. What follows
 * when there is an answer, to the end, is in `answer-path.ts`.
 */
export class RequestPath extends AnswerPath implements DecisionTaker, PlaceTaker, AttemptOwner, HedgeOwner {
  get seeker(): Exchange {
    return this.exchange;
  }

  // 1. Begin: count the request in. A CA that asks for a challenge has its answer before anything of ours can come in between.
  begin(): void {
    this.exchange.service.counters.requests += 1;
    countIn(this.exchange);
    try {
      const challenge = answerChallenge(this.exchange);
      if (challenge === null) this.#check();
      else this.answer(challenge, 'proxy');
    } catch (error) {
      this.failWithBug(error);
    }
  }

  /** For what the connection could not read as a request: only the answer and the log entry. */
  refuse(error: ProxyError): void {
    this.exchange.service.counters.refused += 1;
    countIn(this.exchange);
    this.fail(error);
  }

  // 2. Check: what is well-formed but not for us, or to come back over https.
  #check(): void {
    const answer = checkRequest(this.exchange) ?? redirectToHttps(this.exchange);
    if (answer === null) this.#enter();
    else if (answer instanceof ProxyError) this.fail(answer);
    else this.answer(answer, 'proxy');
  }

  // 3. The listener's plugins: their `request` hooks.
  #enter(): void {
    const { plugins } = this.exchange.service;
    if (plugins === null) this.#rule();
    else enterListener(this, plugins, () => this.#rule());
  }

  // 4. Rule: the script decides, or leaves it to the table.
  #rule(): void {
    const { rules, shadow } = this.exchange.service;
    if (rules === null || !rules.handles.request) {
      if (shadow !== null) shadow.compare(this.exchange, NO_DECISION);
      return this.#place(placeByRoute(this.exchange));
    }
    this.exchange.ruleBegunMs = performance.now();
    rules.decide(this.exchange, this);
  }

  onDecision(decision: RequestDecision): void {
    const { exchange } = this;
    if (exchange.finished || this.isAnswering) return;
    exchange.ruleMs = performance.now() - exchange.ruleBegunMs;
    exchange.decision = decision;
    try {
      if (exchange.service.shadow !== null) exchange.service.shadow.compare(exchange, decision);
      this.#place(carryOut(exchange, decision));
    } catch (error) {
      this.failWithBug(error);
    }
  }

  // 5. Route: the upstream that the rule names; else a plugin or the listener's table does, then its own. Or the rule's own answer.
  #place(placed: Upstream | LocalAnswer | ProxyError): void {
    const { exchange } = this;
    if (placed instanceof ProxyError) return this.fail(placed);
    if (!(placed instanceof Upstream)) return this.answer(placed, 'rule');
    // 6. The plugins of the route and of the upstream: their `request` hooks, then what all plugins have to do with the body.
    if (meetsPlugins(exchange)) enterPlace(this, placed, (last) => this.#go(last));
    else this.#go(placed);
  }

  #go(placed: Upstream): void {
    const { exchange } = this;
    exchange.upstream = placed;
    exchange.placedMs = performance.now();
    placed.budget.countRequest(exchange.placedMs);
    const full = takeWebSocketPlace(exchange);
    if (full === null) this.#pick(placed);
    else this.fail(full);
  }

  // 7. Pick: the client's own backend, the rule's scheduler, or the upstream's; after a failure (`error`) a backend that was not tried yet.
  #pick(upstream: Upstream, error: ProxyError | null = null): void {
    const { exchange } = this;
    const first =
      exchange.attemptsHere === 0
        ? (stickyBackend(exchange, upstream) ?? pickByRule(exchange, upstream))
        : undefined;
    const backend = placeOrLine(this, upstream, first);
    if (backend instanceof ProxyError) return this.#fallBack(upstream, error ?? backend);
    if (backend !== null) this.#attempt(upstream, backend);
  }

  onLineLeft(upstream: Upstream, place: AddressBackend | ProxyError): void {
    try {
      if (place instanceof ProxyError) this.#fallBack(upstream, place);
      else this.#attempt(upstream, place);
    } catch (error) {
      this.failWithBug(error);
    }
  }

  /** No connection to a backend was to be had: the next one that was not tried yet, whatever the number of attempts. */
  #passOver(upstream: Upstream, error: ProxyError): void {
    const next = nextToAsk(this.exchange, upstream, error);
    if (next === undefined) this.#fallBack(upstream, error);
    else this.#attempt(upstream, next);
  }

  /** To the upstream that stands in for this one. */
  #fallBack(upstream: Upstream, error: ProxyError): void {
    const next = takeFallback(this.exchange, upstream);
    if (next === null) this.fail(error);
    else enterFallback(this, next, (last) => this.#pick(last, error));
  }

  // 8. Attempt: a connection, the request on it. `secondTry`: for one that turned out to be stale.
  #attempt(upstream: Upstream, backend: AddressBackend, secondTry = false): void {
    const { exchange } = this;
    exchange.lastBackend = backend;
    exchange.body ??= bodyToSend(this);
    if (!secondTry) exchange.tried.push(backend);
    exchange.hedge ??= Hedge.wait(this, upstream);
    const attempt = beginAttempt(this, exchange, backend, secondTry);
    if (attempt === null) return;
    if (attempt instanceof ProxyError)
      return attempt.code === 'plugin-fault' ? this.fail(attempt) : this.#passOver(upstream, attempt);
    takeAttempt(this, exchange, attempt);
    attempt.start(exchange.method, backend.settings);
  }

  onConnected(attempt: Attempt): void {
    this.exchange.connectedMs = attempt.connectedMs;
  }

  /** The attempt is over without a usable answer: another one, or the end. */
  onAttemptFailed(attempt: Attempt, error: ProxyError): void {
    const decision = this.isAnswering ? 'give-up' : decideAfterFailure(this.exchange, attempt, error);
    if (decision !== 'fresh-connection') attemptFailed(this.exchange, attempt, error);
    leaveBackend(this.exchange);
    this.#goOn(decision, attempt.backend, error);
  }

  #goOn(decision: RetryDecision, backend: AddressBackend, error: ProxyError): void {
    const { exchange } = this;
    const { upstream } = exchange;
    const other = exchange.hedge?.take() ?? null;
    if (other !== null) return takeAttempt(this, exchange, other);
    if (decision === 'give-up' || upstream === null) return this.fail(error);
    exchange.body?.waitForAttempt();
    switch (decision) {
      case 'fresh-connection':
        return this.#attempt(upstream, backend, true);
      case 'another-backend':
        return this.#pick(upstream, error);
      case 'pass-over':
        return this.#passOver(upstream, error);
      case 'fallback':
        return this.#fallBack(upstream, error);
    }
  }

  onHedgeAnswered(attempt: Attempt, head: ResponseHead): void {
    abortAttempt(this.exchange);
    this.exchange.hedge?.take();
    takeAttempt(this, this.exchange, attempt);
    this.onAnswerHead(attempt, head);
  }

  // 9. Answer: the backend's, as plugins and the rule leave it.
  onInformational(head: ResponseHead): void {
    this.client.sendInformational(head.status, head.reason, head.headers);
  }

  onAnswerHead(attempt: Attempt, head: ResponseHead): void {
    const { exchange } = this;
    exchange.answeredMs = performance.now();
    attemptAnswered(exchange, attempt, head, exchange.answeredMs);
    const unfit = decideOnAnswer(exchange, head.status);
    if (unfit !== null) {
      abortAttempt(exchange);
      return this.#goOn('another-backend', attempt.backend, unfit);
    }
    exchange.hedge?.stop();
    this.passOn(attempt, head);
  }

  onSwitchProtocols(attempt: Attempt, head: ResponseHead, protocol: string | null): void {
    const { exchange } = this;
    exchange.answeredMs = performance.now();
    attemptAnswered(exchange, attempt, head, exchange.answeredMs);
    const wrong = checkSwitch(exchange.request, head, protocol);
    if (wrong === null) this.passOn(attempt, head);
    else this.fail(wrong);
  }
}
