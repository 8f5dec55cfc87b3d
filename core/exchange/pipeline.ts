import { Attempt, type AttemptOwner } from '../forward/http.ts';
import { RequestBody, type RequestBodyOwner } from '../forward/request-body.ts';
import { afterFailure } from '../forward/retry.ts';
import { checkSwitch } from '../forward/websocket.ts';
import { ProxyError } from '../shared/errors.ts';
import type { DecisionTaker, RequestDecision } from '../shared/rule-script.ts';
import type { AddressBackend } from '../upstreams/backend.ts';
import { placesChanged } from '../upstreams/queue/waiting-queue.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { acquireConnection } from './acquire.ts';
import { addHsts, withHsts } from './add-hsts.ts';
import { applyEdits } from './apply-edits.ts';
import { checkBodySoFar, checkRequest } from './check-request.ts';
import type { Exchange } from './exchange.ts';
import { countIn, finishExchange } from './finish.ts';
import type { HeaderList } from './headers.ts';
import { joinTunnel } from './join-tunnel.ts';
import { attemptAnswered, attemptBegins, attemptEnds, attemptFailed } from './passive-health.ts';
import { placeByRoute, placeByRule } from './place.ts';
import { redirectToHttps } from './redirect-to-https.ts';
import { RequestHeadForBackend } from './request-head.ts';
import { errorAnswer, redirectAnswer, sendLocalAnswer, statusOf, type LocalAnswer } from './respond.ts';
import { takeReportedWeight } from './reported-weight.ts';
import { editAnswerByRule, pickByRule, ruleFault } from './rule-calls.ts';
import { keepBackend, stickyBackend } from './sticky-session.ts';
import type { ClientEvents, ClientStream, ResponseHead } from './streams.ts';
import { placeOrLine, type PlaceTaker } from './wait-in-line.ts';
import { takeWebSocketPlace } from './websocket-place.ts';

/**
 * The path of every HTTP request, top to bottom:
 *
 *   1 begin → 2 check → 3 rule → 4 route → 5 pick → 6 attempt → 7 answer → 8 end
 *
 * Any step may leave it with an answer of the proxy's own (`answer`, `fail`). There is one object
 * of this class for each exchange, and `end` runs exactly once for it, whatever happens.
 */
export class RequestPath implements ClientEvents, DecisionTaker, PlaceTaker, AttemptOwner, RequestBodyOwner {
  readonly exchange: Exchange;
  readonly client: ClientStream;
  #attempt: Attempt | null = null;
  /** null: it has not begun. */
  #body: RequestBody | null = null;
  #answerBegun = false;
  #freshConnection = false;

  constructor(exchange: Exchange, client: ClientStream) {
    this.exchange = exchange;
    this.client = client;
  }

  // 1. Begin: count the request in.
  begin(): void {
    this.exchange.service.counters.requests += 1;
    countIn(this.exchange);
    try {
      this.#check();
    } catch (error) {
      this.#failWithBug(error);
    }
  }

  /** For what the connection could not read as a request: only the answer and the log entry. */
  refuse(error: ProxyError): void {
    this.exchange.service.counters.refused += 1;
    countIn(this.exchange);
    this.#fail(error);
  }

  // 2. Check: what is well-formed but not for us, or to come back over https.
  #check(): void {
    const answer = checkRequest(this.exchange) ?? redirectToHttps(this.exchange);
    if (answer === null) this.#rule();
    else if (answer instanceof ProxyError) this.#fail(answer);
    else this.#answer(answer);
  }

  // 3. Rule: the script decides, or leaves it to the table.
  #rule(): void {
    const { rules } = this.exchange.service;
    if (rules === null || !rules.handles.request) return this.#place(placeByRoute(this.exchange));
    this.exchange.ruleBegunMs = performance.now();
    rules.decide(this.exchange, this);
  }

  onDecision(decision: RequestDecision): void {
    const { exchange } = this;
    if (exchange.finished) return;
    exchange.ruleMs = performance.now() - exchange.ruleBegunMs;
    exchange.decision = decision;
    try {
      this.#carryOut(decision);
    } catch (error) {
      this.#failWithBug(error);
    }
  }

  #carryOut(decision: RequestDecision): void {
    const { exchange } = this;
    switch (decision.kind) {
      case 'next':
        applyEdits(exchange.request.headers, decision.edits);
        return this.#place(placeByRoute(exchange));
      case 'forward':
        return this.#place(placeByRule(exchange, decision));
      case 'redirect':
        return this.#answer(redirectAnswer(decision.status, decision.location));
      case 'respond':
        return this.#answer(decision);
      case 'deny':
        return this.#answer(errorAnswer(exchange, decision.status));
      case 'fault':
        return this.#fail(ruleFault(decision.reason));
    }
  }

  // 4. Route: the upstream that the rule names; else the listener's table does, then its own.
  #place(upstream: Upstream | ProxyError): void {
    const { exchange } = this;
    if (upstream instanceof ProxyError) return this.#fail(upstream);
    exchange.upstream = upstream;
    exchange.placedMs = performance.now();
    const full = takeWebSocketPlace(exchange);
    if (full === null) this.#pick(upstream);
    else this.#fail(full);
  }

  // 5. Pick: the client's own backend, the rule's scheduler, or the upstream's; after a failure a backend that was not tried yet.
  #pick(upstream: Upstream): void {
    const { tried } = this.exchange;
    const first =
      tried.length === 0
        ? (stickyBackend(this.exchange, upstream) ?? pickByRule(this.exchange, upstream))
        : undefined;
    const backend = placeOrLine(this, upstream, first);
    if (backend instanceof ProxyError) return this.#fail(backend);
    if (backend !== null) this.#attemptAt(backend);
  }

  /** Its time in line is over. */
  onPlace(backend: AddressBackend): void {
    try {
      this.#attemptAt(backend);
    } catch (error) {
      this.#failWithBug(error);
    }
  }

  onNoPlace(error: ProxyError): void {
    this.#fail(error);
  }

  #attemptAt(backend: AddressBackend): void {
    const { exchange } = this;
    exchange.tried.push(backend);
    backend.runtime.traffic.count(exchange.tried.length > 1 ? 'other' : exchange.pickedBy, exchange.placedMs);
    this.#forward(backend);
  }

  // 6. Attempt: a connection, the request on it.
  #forward(backend: AddressBackend): void {
    const { exchange } = this;
    const connection = acquireConnection(exchange, backend, this.#freshConnection);
    if (connection instanceof ProxyError) return this.#fail(connection);
    exchange.attempts += 1;
    exchange.backend = backend;
    backend.runtime.inFlight += 1;
    backend.runtime.requests += 1;
    attemptBegins(exchange, backend);
    const head = new RequestHeadForBackend(exchange, backend.address);
    this.#attempt = new Attempt(this, backend, connection, head, exchange.request);
    this.#attempt.start(exchange.method, backend.settings);
  }

  onConnected(): void {
    this.exchange.connectedMs = performance.now();
  }

  get body(): RequestBody {
    return (this.#body ??= new RequestBody(this));
  }

  onRequestData(bytes: number): boolean {
    this.exchange.requestBytes += bytes;
    const refusal = checkBodySoFar(this.exchange);
    if (refusal === null) return true;
    this.#fail(refusal);
    return false;
  }

  onRequestFailed(error: ProxyError): void {
    this.#fail(error);
  }

  /** The attempt is over without a usable answer: another one, or the end. */
  onAttemptFailed(error: ProxyError): void {
    const { exchange } = this;
    const attempt = this.#attempt;
    if (attempt === null || exchange.upstream === null) return;
    const decision = this.#answerBegun
      ? 'give-up'
      : afterFailure({
          error,
          method: exchange.method,
          attempts: exchange.attempts,
          maxAttempts: exchange.upstream.config.retries.attempts,
          bodyIsGone: this.#body?.canRepeat === false,
          // Once at a time: an HTTP/2 connection can have served others although it is fresh.
          reusedConnection: attempt.stream.isReused && !this.#freshConnection,
        });
    if (decision !== 'fresh-connection') {
      attempt.backend.runtime.errors += 1;
      attemptFailed(exchange, attempt.backend, error);
    }
    this.#leaveBackend();
    if (decision === 'give-up') return this.#fail(error);
    this.#body?.waitForAttempt();
    this.#freshConnection = decision === 'fresh-connection';
    if (decision === 'another-backend') return this.#pick(exchange.upstream);
    exchange.attempts -= 1;
    this.#forward(attempt.backend);
  }

  // 7. Answer: the backend's, as the rule leaves it.
  onInformational(head: ResponseHead): void {
    this.client.sendInformational(head.status, head.reason, head.headers);
  }

  onAnswerHead(head: ResponseHead): void {
    const { exchange } = this;
    exchange.answeredMs = performance.now();
    exchange.backend?.runtime.recordAnswer(head.status, exchange.connectedMs, exchange.answeredMs);
    takeReportedWeight(exchange, head.headers);
    attemptAnswered(exchange, head.status);
    // The rule's response handler may still change these.
    keepBackend(exchange, head.headers);
    addHsts(exchange, head.headers);
    const answer = editAnswerByRule(exchange, head);
    if (answer instanceof ProxyError) return this.#fail(answer);
    exchange.status = answer.status;
    this.#answerBegun = true;
    this.#body?.forget();
    this.client.sendHead(answer);
  }

  onAnswerData(piece: Buffer): boolean {
    this.exchange.responseBytes += piece.length;
    return this.client.sendData(piece);
  }

  onAnswerEnd(trailers: HeaderList | null): void {
    this.#leaveBackend();
    this.client.sendEnd(trailers);
    this.#end();
  }

  onClientWritable(): void {
    this.#attempt?.resume();
  }

  onSwitchProtocols(head: ResponseHead, protocol: string | null): void {
    const { exchange } = this;
    const attempt = this.#attempt;
    if (attempt === null) return;
    exchange.answeredMs = performance.now();
    const wrong = checkSwitch(exchange.request, head, protocol);
    if (wrong !== null) return this.#fail(wrong);
    this.#answerBegun = true;
    attemptAnswered(exchange, 101);
    keepBackend(exchange, head.headers);
    joinTunnel(exchange, this.client, attempt, head, () => {
      this.#leaveBackend();
      this.#end();
    });
  }

  onClientGone(error: ProxyError): void {
    this.exchange.error ??= error;
    this.#abortAttempt();
    this.#end();
  }

  // 8. End: the answer of the proxy's own where there is a failure, the counters, the log entry.
  #fail(error: ProxyError): void {
    const { exchange } = this;
    if (exchange.finished) return;
    exchange.error ??= error;
    if (error.source === 'backend' && exchange.backend !== null) exchange.backend.runtime.errors += 1;
    this.#abortAttempt();
    this.#body?.drop();
    const status = statusOf(error.code);
    if (this.#answerBegun || status === null) {
      // Half an answer is out: cut it off visibly rather than let it look whole.
      this.client.abort();
      return this.#end();
    }
    if (error.source === 'client' && error.code !== 'no-route' && error.code !== 'method-not-allowed')
      this.client.closeAfterAnswer();
    this.#answer(errorAnswer(exchange, status));
  }

  /** A bug of ours costs this request, not the worker's other ones. */
  #failWithBug(error: unknown): void {
    this.#fail(new ProxyError('internal-error', 'proxy', String(error), { cause: error }));
  }

  #answer(answer: LocalAnswer): void {
    const { exchange } = this;
    this.#answerBegun = true;
    exchange.status = answer.status;
    const whole = withHsts(exchange, answer);
    exchange.responseBytes = sendLocalAnswer(this.client, whole, exchange.method === 'HEAD');
    this.#end();
  }

  #abortAttempt(): void {
    this.#attempt?.abort();
    this.#leaveBackend();
  }

  #leaveBackend(): void {
    const { backend } = this.exchange;
    this.#attempt = null;
    if (backend === null) return;
    this.exchange.backend = null;
    backend.runtime.inFlight -= 1;
    attemptEnds(this.exchange, backend);
    placesChanged();
  }

  #end(): void {
    if (this.exchange.finished) return;
    this.exchange.finished = true;
    finishExchange(this.exchange);
  }
}
