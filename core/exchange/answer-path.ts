import type { Attempt } from '../forward/http.ts';
import { ProxyError } from '../shared/errors.ts';
import { addHsts, withHsts } from './add-hsts.ts';
import { abortAttempt, attemptFailed, leaveBackend, leaveUpstream } from './attempts.ts';
import type { Exchange } from './exchange.ts';
import { finishExchange } from './finish.ts';
import type { HeaderList } from './headers.ts';
import { joinTunnel } from './join-tunnel.ts';
import { withoutNominated } from './nominated.ts';
import { ownAnswerOf } from './plugins/own-answer.ts';
import { passOut, type AnswerOwner, type WayOut } from './plugins/way-out.ts';
import { endsConnection, errorAnswer, sendLocalAnswer, statusFor, type LocalAnswer } from './respond.ts';
import { editAnswerByRule } from './rule-calls.ts';
import { keepBackend } from './sticky-session.ts';
import type { ClientEvents, ClientStream, ResponseHead } from './streams.ts';

/** The last part of the request path (`pipeline.ts`): from an answer, whoever gives it, to the end of the exchange. */
export class AnswerPath implements ClientEvents, AnswerOwner {
  readonly exchange: Exchange;
  readonly client: ClientStream;
  answerBegun = false;

  constructor(exchange: Exchange, client: ClientStream) {
    this.exchange = exchange;
    this.client = client;
  }

  // 9. Answer: a backend's, as plugins and the rule leave it.

  /** A backend's answer, after which nobody else is asked. */
  protected passOn(attempt: Attempt, received: ResponseHead): void {
    const { exchange } = this;
    const head = withoutNominated(received);
    // Plugins and the rule's response handler may still change these.
    keepBackend(exchange, attempt.backend, head.headers);
    addHsts(exchange, head.headers);
    if (exchange.plugins !== null) return passOut(exchange.plugins, this, head);
    const answer = editAnswerByRule(exchange, head);
    if (answer instanceof ProxyError) this.fail(answer);
    else this.sendHead(answer);
  }

  sendHead(head: ResponseHead): void {
    const { exchange } = this;
    exchange.status = head.status;
    this.answerBegun = true;
    exchange.body?.forget();
    if (head.status === 101) this.#join(head);
    else this.client.sendHead(head);
  }

  onAnswerData(piece: Buffer): boolean {
    const out = this.#out;
    if (out !== null) return out.write(piece);
    this.exchange.responseBytes += piece.length;
    return this.client.sendData(piece);
  }

  onAnswerPause(): void {
    const out = this.#out;
    if (out === null) this.client.flush();
    else out.flush();
  }

  onAnswerEnd(trailers: HeaderList | null): void {
    const out = this.#out;
    leaveBackend(this.exchange);
    if (out === null) this.sendEnd(trailers);
    else out.end(trailers);
  }

  sendEnd(trailers: HeaderList | null): void {
    this.client.sendEnd(trailers);
    this.#end();
  }

  onClientWritable(): void {
    const out = this.#out;
    if (out === null) this.exchange.attempt?.resume();
    else out.onClientWritable();
  }

  #join(head: ResponseHead): void {
    const { exchange } = this;
    if (exchange.attempt === null) return;
    joinTunnel(exchange, this.client, exchange.attempt, head, () => {
      leaveBackend(exchange);
      this.#end();
    });
  }

  onClientGone(error: ProxyError): void {
    this.exchange.error ??= error;
    abortAttempt(this.exchange);
    this.#end();
  }

  // 10. End: the answer of the proxy's own where there is a failure, the counters, the log entry.
  fail(error: ProxyError): void {
    const { exchange } = this;
    if (exchange.finished) return;
    exchange.error ??= error;
    if (exchange.attempt !== null) attemptFailed(exchange, exchange.attempt, error);
    const status = statusFor(error);
    if (this.answerBegun || status === null) return this.cutOff(error);
    leaveUpstream(this.exchange);
    if (endsConnection(error)) this.client.closeAfterAnswer();
    this.answer(errorAnswer(exchange, status), 'proxy');
  }

  /** Half an answer may be out: cut it off visibly rather than let it look whole. */
  cutOff(error: ProxyError): void {
    this.exchange.error ??= error;
    leaveUpstream(this.exchange);
    this.client.abort();
    this.#end();
  }

  /** A bug of ours costs this request, not the worker's other ones. */
  failWithBug(error: unknown): void {
    this.fail(new ProxyError('internal-error', 'proxy', String(error), { cause: error }));
  }

  protected answer(answer: LocalAnswer, from: 'rule' | 'proxy'): void {
    const { exchange } = this;
    const { plugins } = exchange;
    if (plugins !== null) return passOut(plugins, this, ownAnswerOf(exchange, answer, from));
    this.answerBegun = true;
    exchange.status = answer.status;
    exchange.responseBytes = sendLocalAnswer(this.client, withHsts(exchange, answer), exchange.method);
    this.#end();
  }

  /** The answer that is on its way through plugins; null: they have nothing to do with it. */
  get #out(): WayOut | null {
    return this.exchange.plugins === null ? null : this.exchange.plugins.out;
  }

  protected get isAnswering(): boolean {
    return this.answerBegun || this.#out !== null;
  }

  #end(): void {
    if (this.exchange.finished) return;
    this.exchange.finished = true;
    this.exchange.hedge?.stop();
    this.exchange.plugins?.close();
    finishExchange(this.exchange);
  }
}
