import { Attempt, type AttemptOwner } from '../forward/http.ts';
import { buildRequestHead } from './request-head.ts';
import { afterFailure } from '../forward/retry.ts';
import { checkWebSocketAccept, tunnel } from '../forward/websocket.ts';
import { ProxyError } from '../shared/errors.ts';
import type { RequestDecision } from '../shared/rule-script.ts';
import type { Backend } from '../upstreams/backend.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { applyEdits } from './apply-edits.ts';
import type { Exchange } from './exchange.ts';
import { finishExchange } from './finish.ts';
import type { HeaderList } from './headers.ts';
import { errorAnswer, reasonOf, sendLocalAnswer, statusOf, type LocalAnswer } from './respond.ts';
import type { ClientEvents, ClientStream, ResponseHead } from './streams.ts';

/**
 * The path of every HTTP request, top to bottom:
 *
 *   1 begin → 2 check → 3 rule → 4 route → 5 pick → 6 attempt → 7 answer → 8 end
 *
 * Any step may leave it with an answer of the proxy's own (`answer`, `fail`). There is one object
 * of this class for each exchange, and `end` runs exactly once for it, whatever happens.
 */
export class RequestPath implements ClientEvents, AttemptOwner {
  readonly exchange: Exchange;
  readonly client: ClientStream;
  #attempt: Attempt | null = null;
  #answerBegun = false;
  #freshConnection = false;

  constructor(exchange: Exchange, client: ClientStream) {
    this.exchange = exchange;
    this.client = client;
  }

  // 1. Begin: count the request in.
  begin(): void {
    this.exchange.service.counters.requests += 1;
    this.#enter();
    try {
      this.#check();
    } catch (error) {
      // A bug of ours costs this request, not the worker's other ones.
      this.#fail(new ProxyError('internal-error', 'proxy', String(error), { cause: error }));
    }
  }

  /** For what the connection could not read as a request: only the answer and the log entry. */
  refuse(error: ProxyError): void {
    this.exchange.service.counters.refused += 1;
    this.#enter();
    this.#fail(error);
  }

  /** What `finishExchange` takes back. */
  #enter(): void {
    this.exchange.service.counters.inFlight += 1;
    this.exchange.service.usage.enter();
  }

  // 2. Check: what is well-formed but not for us.
  #check(): void {
    const { request, normalisedPath, service } = this.exchange;
    if (request.method === 'CONNECT' || request.method === 'TRACE') {
      // A reverse proxy opens no tunnels to where clients choose, and echoes no credentials (RFC 9110 9.3.6, 9.3.8).
      return this.#fail(new ProxyError('method-not-allowed', 'client', request.method));
    }
    if (normalisedPath === null) {
      return this.#fail(
        new ProxyError('request-malformed', 'client', 'the path holds a dot segment or a broken escape'),
      );
    }
    const limit = service.config.limits.bodyBytes;
    if (limit !== null && request.framing.kind === 'length' && request.framing.bytes > limit) {
      return this.#fail(
        new ProxyError(
          'request-body-too-large',
          'client',
          `${request.framing.bytes} bytes, more than ${limit}`,
        ),
      );
    }
    this.#rule();
  }

  // 3. Rule: the script decides, or leaves it to the table.
  #rule(): void {
    const { exchange } = this;
    const { rules } = exchange.service;
    if (rules === null || !rules.handles.request) return this.#route();
    const begun = performance.now();
    const decision = rules.request(exchange);
    exchange.ruleMs = performance.now() - begun;
    exchange.decision = decision;
    this.#carryOut(decision);
  }

  #carryOut(decision: RequestDecision): void {
    const { exchange } = this;
    switch (decision.kind) {
      case 'next':
        applyEdits(exchange.request.headers, decision.edits);
        return this.#route();
      case 'forward': {
        const upstream = exchange.service.upstreams.get(decision.upstream);
        if (upstream === undefined) {
          return this.#fail(
            new ProxyError(
              'rule-fault',
              'proxy',
              `the rule forwards to the unknown upstream ${decision.upstream}`,
            ),
          );
        }
        applyEdits(exchange.request.headers, decision.edits);
        if (decision.target !== null) exchange.forwardTarget = decision.target;
        if (decision.host !== null) exchange.host = decision.host;
        return this.#place(upstream);
      }
      case 'redirect':
        return this.#answer({
          status: decision.status,
          headers: [['Location', decision.location]],
          body: '',
        });
      case 'respond':
        return this.#answer(decision);
      case 'deny':
        return this.#answer(this.#errorAnswer(decision.status));
      case 'fault':
        return this.#fail(new ProxyError('rule-fault', 'proxy', decision.reason));
    }
  }

  // 4. Route: the listener's table, then its upstream.
  #route(): void {
    const { exchange } = this;
    const { routes, upstreams, upstream } = exchange.service;
    const { headers } = exchange.request;
    const match = routes.match(withoutPort(exchange.host), exchange.path, exchange.method, (name) =>
      headers.get(name),
    );
    if (match !== undefined) {
      exchange.route = match.index;
      const target = upstreams.get(match.route.upstream);
      if (target !== undefined) return this.#place(target);
    }
    if (upstream !== null) return this.#place(upstream);
    this.#fail(new ProxyError('no-route', 'client', 'no route matches and the listener has no upstream'));
  }

  #place(upstream: Upstream): void {
    this.exchange.upstream = upstream;
    this.exchange.placedMs = performance.now();
    this.#pick(upstream);
  }

  // 5. Pick: the rule's own scheduler, or the upstream's; after a failure a backend that was not tried yet.
  #pick(upstream: Upstream): void {
    const { tried } = this.exchange;
    const backend =
      (tried.length === 0 ? this.#pickByRule(upstream) : undefined) ??
      upstream.pick(tried) ??
      upstream.pick();
    if (backend === undefined) {
      return this.#fail(
        new ProxyError('no-backend', 'proxy', `no backend of ${upstream.name} takes requests`),
      );
    }
    tried.push(backend);
    this.#forward(upstream, backend);
  }

  #pickByRule(upstream: Upstream): Backend | undefined {
    const { rules } = this.exchange.service;
    if (rules === null || !rules.handles.pick) return undefined;
    const candidates = upstream.candidates();
    const index = rules.pick(
      candidates.map(({ addressText, weight, runtime }) => ({
        address: addressText,
        weight,
        inFlight: runtime.inFlight,
      })),
      this.exchange,
    );
    return candidates[index];
  }

  // 6. Attempt: a connection, the request on it.
  #forward(upstream: Upstream, backend: Backend): void {
    const { exchange } = this;
    // A handshake that fails half-way must not meet a connection that the backend is about to close.
    const fresh = this.#freshConnection || exchange.request.upgrade !== null;
    const connection = exchange.service.pools.acquire(backend, upstream.config, fresh);
    if (connection === null) {
      return this.#fail(
        new ProxyError(
          'backend-connections-exhausted',
          'proxy',
          `${backend.addressText} has all its connections in use`,
        ),
      );
    }
    exchange.attempts += 1;
    exchange.backend = backend;
    backend.runtime.inFlight += 1;
    backend.runtime.requests += 1;
    const head = buildRequestHead(exchange, backend.addressText);
    this.#attempt = new Attempt(this, backend, connection, head, exchange.request);
    this.#attempt.start(exchange.method, upstream.config);
  }

  onConnected(): void {
    this.exchange.connectedMs = performance.now();
  }

  onRequestData(bytes: number): boolean {
    const { exchange } = this;
    exchange.requestBytes += bytes;
    const limit = exchange.service.config.limits.bodyBytes;
    if (limit === null || exchange.requestBytes <= limit) return true;
    this.#fail(new ProxyError('request-body-too-large', 'client', `more than ${limit} bytes`));
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
          bodyBegun: attempt.bodyBegun,
          reusedConnection: attempt.connection.isReused,
        });
    if (decision !== 'fresh-connection') attempt.backend.runtime.errors += 1;
    this.#leaveBackend();
    if (decision === 'give-up') return this.#fail(error);
    this.#freshConnection = decision === 'fresh-connection';
    if (decision === 'another-backend') return this.#pick(exchange.upstream);
    exchange.attempts -= 1;
    this.#forward(exchange.upstream, attempt.backend);
  }

  // 7. Answer: the backend's, as the rule leaves it.
  onInformational(head: ResponseHead): void {
    this.client.sendInformational(head.status, head.reason, head.headers);
  }

  onAnswerHead(head: ResponseHead): void {
    const { exchange } = this;
    exchange.answeredMs = performance.now();
    exchange.backend?.runtime.latency.record(exchange.answeredMs - exchange.connectedMs);
    const answer = this.#editedByRule(head);
    if (answer === null) return;
    exchange.status = answer.status;
    this.#answerBegun = true;
    this.client.sendHead(answer);
  }

  #editedByRule(head: ResponseHead): ResponseHead | null {
    const { exchange } = this;
    const { rules } = exchange.service;
    if (rules === null || !rules.handles.response) return head;
    const changed = rules.response(head.status, head.headers.toText(), exchange);
    if (changed === null) return head;
    if (changed === 'fault') {
      this.#fail(new ProxyError('rule-fault', 'proxy', 'the response handler failed'));
      return null;
    }
    if (
      changed.status !== null &&
      exchange.method !== 'HEAD' &&
      hasNoBody(changed.status) !== hasNoBody(head.status)
    ) {
      // The body would be taken for the next answer, or waited for in vain.
      const change = `the response handler turns ${head.status} into ${changed.status}: one has no body`;
      this.#fail(new ProxyError('rule-fault', 'proxy', change));
      return null;
    }
    applyEdits(head.headers, changed.edits);
    return changed.status === null
      ? head
      : { ...head, status: changed.status, reason: reasonOf(changed.status) };
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
    const wrong =
      exchange.request.upgrade === null
        ? 'sent 101 although no upgrade was asked for'
        : checkWebSocketAccept(
            protocol,
            exchange.request.headers.get('sec-websocket-key'),
            head.headers.get('sec-websocket-accept'),
          );
    if (wrong !== null)
      return this.#fail(new ProxyError('upgrade-malformed', 'backend', `the backend ${wrong}`));
    exchange.status = 101;
    this.#answerBegun = true;
    const backendEnd = attempt.connection.takeSocket();
    const clientEnd = this.client.switchProtocols(head.reason, head.headers);
    tunnel(clientEnd, backendEnd, (fromClient, fromBackend) => {
      exchange.requestBytes += fromClient;
      exchange.responseBytes += fromBackend;
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
    const status = statusOf(error.code);
    if (this.#answerBegun || status === null) {
      // Half an answer is out: cut it off visibly rather than let it look whole.
      this.client.abort();
      this.#end();
      return;
    }
    if (error.source === 'client' && error.code !== 'no-route' && error.code !== 'method-not-allowed')
      this.client.closeAfterAnswer();
    this.#answer(this.#errorAnswer(status));
  }

  #errorAnswer(status: number): LocalAnswer {
    const { request, requestId, service } = this.exchange;
    return errorAnswer(status, requestId, request.headers.get('accept'), service.config.errorPages);
  }

  #answer(answer: LocalAnswer): void {
    const { exchange } = this;
    this.#answerBegun = true;
    exchange.status = answer.status;
    exchange.responseBytes = sendLocalAnswer(this.client, answer, exchange.method === 'HEAD');
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
  }

  #end(): void {
    if (this.exchange.finished) return;
    this.exchange.finished = true;
    finishExchange(this.exchange);
  }
}

/** RFC 9112 6.3: whatever the fields say. */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':');
  return colon === -1 || host.endsWith(']') ? host : host.slice(0, colon);
}
