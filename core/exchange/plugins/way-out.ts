import type { PluginInstance } from '../../../plugins/contract/chain.ts';
import type { BodyHook, BodyStream } from '../../../plugins/contract/message.ts';
import { ProxyError } from '../../shared/errors.ts';
import { copyOf } from '../../shared/read-buffers.ts';
import type { HeaderList } from '../headers.ts';
import { leaveUpstream } from '../attempts.ts';
import type { Exchange } from '../exchange.ts';
import { errorAnswer, statusFor } from '../respond.ts';
import { editAnswerByRule } from '../rule-calls.ts';
import { hasBody, type ClientStream, type ResponseHead } from '../streams.ts';
import { BodyPipe, type PipeOwner } from './body-pipe.ts';
import { BodyPlan } from './body-plan.ts';
import { BodyPump } from './body-pump.ts';
import type { BodySink } from './body-sink.ts';
import { codingsOf } from './codings.ts';
import type { ExchangePlugins } from './exchange-plugins.ts';
import { leaveUnread, ownAnswerOf, type OwnAnswer } from './own-answer.ts';
import { bodyFailed, hookFailed, restOf } from './plugin-fault.ts';
import { ResponseView } from './response-view.ts';

/** The request path, as plugins concern it. */
export interface AnswerOwner {
  readonly exchange: Exchange;
  readonly client: ClientStream;
  /** Whether the head of an answer is sent. */
  readonly answerBegun: boolean;
  /** Has the client get it: from now on it can only be cut off. */
  sendHead(head: ResponseHead): void;
  /** The answer is whole, and the exchange is over. */
  sendEnd(trailers: HeaderList | null): void;
  /** With an answer that says so, if there is still time for one. */
  fail(error: ProxyError): void;
  failWithBug(error: unknown): void;
  /** Without an answer, or in the middle of one. */
  cutOff(error: ProxyError): void;
}

/** Sends an answer by the plugins that it is to pass; in the place of the one that is on its way already, if there is one. */
export function passOut(
  plugins: ExchangePlugins,
  owner: AnswerOwner,
  answer: ResponseHead | OwnAnswer,
): void {
  if (plugins.out === null) {
    const out = new WayOut(plugins, owner, answer);
    plugins.out = out;
    out.run();
    // The backend waits for the hooks, too.
    if (!out.isSent && !('from' in answer)) plugins.exchange.attempt?.pause();
  } else if ('from' in answer) plugins.out.replace(answer);
}

/** Where the rule's response handler has its turn. */
const RULE = 'rule';

/**
 * An answer on its way through the plugins to the client: the `response` hooks one after the other, then the `responseBody`
 * hooks, then the head and the body. Another answer may take its place until the head is sent, and goes on from there;
 * so each plugin is called once at most.
 */
export class WayOut implements BodySink, PipeOwner {
  view: ResponseView;
  readonly #plugins: ExchangePlugins;
  readonly #owner: AnswerOwner;
  readonly #steps: readonly (PluginInstance | typeof RULE)[];
  #nextStep = 0;
  #phase: 'hooks' | 'body-hooks' | 'sent' = 'hooks';
  #body: Buffer | BodyStream | 'of-backend' | null;
  /** Whose body it is. */
  #instance: PluginInstance | null = null;
  #plan: BodyPlan;
  #pipe: BodyPipe | null = null;
  #pump: BodyPump | null = null;
  /** What its Content-Encoding said before the hooks. */
  #coding: string | null;
  /** What the backend has sent of the body before its turn. */
  #early: Buffer[] = [];
  #isEnded = false;
  #trailers: HeaderList | null = null;
  /** How much of the body is to come; null: nobody knows. */
  #left: number | null = null;
  #isClosed = false;

  constructor(plugins: ExchangePlugins, owner: AnswerOwner, first: ResponseHead | OwnAnswer) {
    this.#plugins = plugins;
    this.#owner = owner;
    const own = 'from' in first ? first : null;
    this.#body = own === null ? 'of-backend' : own.body;
    this.#instance = own?.instance ?? null;
    this.view = new ResponseView(
      'from' in first ? first.head : first,
      own?.from ?? 'backend',
      plugins.exchange.method,
    );
    this.#coding = this.view.head.headers.get('content-encoding');
    this.#plan = this.#newPlan();
    this.#steps = stepsOf(plugins);
  }

  get isSent(): boolean {
    return this.#phase === 'sent';
  }

  // --- hooks ---------------------------------------------------------------------------------

  /** Calls the hooks that are still to be called, and sends the head when they are done. */
  run(): void {
    for (let step = this.#steps[this.#nextStep]; step !== undefined; step = this.#steps[this.#nextStep]) {
      this.#nextStep += 1;
      if (step === RULE) this.#callRule();
      else if (!this.#callResponse(step)) return;
    }
    this.#callBodyHooks();
    if (this.#isClosed) return;
    this.#plan.finish();
    this.#forgetLength();
    this.#send();
  }

  /** To HEAD: where a hook has changed the coding, the length that is told is that of another body (RFC 9110 8.6). */
  #forgetLength(): void {
    const { headers } = this.view.head;
    if (this.#plugins.exchange.method === 'HEAD' && headers.get('content-encoding') !== this.#coding)
      headers.delete('content-length');
  }

  #callRule(): void {
    if (this.view.from !== 'backend') return;
    const edited = editAnswerByRule(this.#plugins.exchange, this.view.head);
    if (edited instanceof ProxyError) this.#becomesError(edited);
    else this.view.head = edited;
  }

  /** @returns whether to go on at once */
  #callResponse(instance: PluginInstance): boolean {
    return this.#plugins.callForAnswer(instance, 'response', (answer) => {
      if (answer instanceof ProxyError) this.#becomesError(answer);
      else if (answer !== null) this.#becomes(answer);
      this.run();
    });
  }

  #callBodyHooks(): void {
    this.#phase = 'body-hooks';
    for (const stage of this.#plugins.stages.toReversed())
      for (const instance of this.#plugins.wayOutOf(stage, 'responseBody')) {
        if (this.#isClosed || !hasBody(this.view.head.framing)) return;
        this.#callBodyHook(instance);
      }
  }

  #callBodyHook(instance: PluginInstance): void {
    const rest = restOf(instance, 'responseBody');
    if (rest instanceof ProxyError) this.#becomesError(rest);
    if (rest !== 'call') return;
    const { head } = this.view;
    const plan = this.#plan;
    const before = codingsOf(head.headers);
    instance.calls.responseBody += 1;
    let hook: BodyHook | null = null;
    try {
      hook = instance.hooks.responseBody?.(this.#plugins.view) ?? null;
      // What it has put in the answer's place, its transform was not made for.
      if (hook !== null && this.#plan === plan) plan.add(instance, hook, before);
      else hook?.transform.close?.();
    } catch (error) {
      hook?.transform?.close?.();
      const fault = hookFailed(instance, 'responseBody', error);
      if (fault !== null && !this.#isClosed) this.#becomesError(fault);
    }
  }

  /** The answer is another one from here on. To be called before the head is sent. */
  replace(answer: OwnAnswer): void {
    this.#plugins.stopWaiting();
    this.#becomes(answer);
    if (this.#phase === 'hooks') this.run();
  }

  #becomesError(error: ProxyError): void {
    const { exchange } = this.#plugins;
    exchange.error ??= error;
    this.#becomes(ownAnswerOf(exchange, errorAnswer(exchange, statusFor(error) ?? 500), 'proxy'));
  }

  #becomes({ head, from, body, instance }: OwnAnswer): void {
    if (this.#body === 'of-backend') leaveUpstream(this.#plugins.exchange);
    else leaveUnread(this.#body);
    this.#early = [];
    this.#isEnded = false;
    closeUnused(this.#plan);
    this.view = new ResponseView(head, from, this.#plugins.exchange.method);
    this.#coding = head.headers.get('content-encoding');
    this.#body = body;
    this.#instance = instance;
    this.#plan = this.#newPlan();
  }

  #newPlan(): BodyPlan {
    const { headers, framing } = this.view.head;
    return new BodyPlan(headers, framing);
  }

  // --- the head, then the body ---------------------------------------------------------------

  #send(): void {
    this.#phase = 'sent';
    const { stations, framing } = this.#plan;
    const head = stations.length === 0 ? this.view.head : { ...this.view.head, framing };
    this.#left = framing.kind === 'length' ? framing.bytes : null;
    const last: BodySink = {
      write: (piece) => this.#give(piece),
      flush: () => this.#owner.client.flush(),
      end: () => this.#finish(),
    };
    if (stations.length > 0) this.#pipe = new BodyPipe(stations, last, this, this.#plugins.patienceMs);
    this.#owner.sendHead(head);
    this.#sendBody();
  }

  #sendBody(): void {
    const body = this.#body;
    this.#body = null;
    // Below what was answered so nothing is HTTP any more.
    if (this.view.status === 101) return;
    if (body === 'of-backend') return this.#sendEarly();
    if (body === null) return this.end();
    if (Buffer.isBuffer(body)) {
      if (body.length > 0) this.write(body);
      return this.end();
    }
    const fail = (error: unknown): void => this.#fail(this.#instance, error);
    this.#pump = new BodyPump(body, this, fail);
    this.#pump.start();
  }

  #sendEarly(): void {
    const early = this.#early;
    this.#early = [];
    let isTaken = true;
    for (const piece of early) isTaken = this.write(piece);
    if (this.#isEnded) this.end(this.#trailers);
    else if (isTaken) this.#plugins.exchange.attempt?.resume();
  }

  /** A piece of the body as its sender gives it. */
  write(piece: Buffer): boolean {
    if (this.#isClosed) return true;
    if (this.#phase === 'sent') return this.#pipe === null ? this.#give(piece) : this.#pipe.write(piece);
    this.#early.push(copyOf(piece));
    return false;
  }

  flush(): void {
    if (this.#pipe === null) this.#owner.client.flush();
    else this.#pipe.flush();
  }

  end(trailers: HeaderList | null = null): void {
    this.#isEnded = true;
    this.#trailers = trailers;
    if (this.#phase !== 'sent' || this.#isClosed) return;
    if (this.#pipe === null) this.#finish();
    else this.#pipe.end();
  }

  #give(piece: Buffer): boolean {
    const { exchange } = this.#plugins;
    if (this.#left !== null) {
      this.#left -= piece.length;
      if (this.#left < 0) {
        this.#fail(this.#instance, new Error('the body is longer than was said'));
        return true;
      }
    }
    exchange.responseBytes += piece.length;
    return this.#owner.client.sendData(piece);
  }

  #finish(): void {
    if (this.#left !== null && this.#left > 0)
      this.#fail(this.#instance, new Error('the body is shorter than was said'));
    else this.#owner.sendEnd(this.#trailers);
  }

  onClientWritable(): void {
    if (this.#phase !== 'sent') return;
    if (this.#pipe === null) this.onPipeWritable();
    else this.#pipe.resume();
  }

  onPipeWritable(): void {
    if (this.#pump === null) this.#plugins.exchange.attempt?.resume();
    else this.#pump.resume();
  }

  onPipeFailed(instance: PluginInstance, error: unknown): void {
    this.#fail(instance, error);
  }

  #fail(instance: PluginInstance | null, error: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.#owner.cutOff(bodyFailed(instance, 'responseBody', error));
  }

  /** The exchange is over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#early = [];
    if (this.#pipe === null) closeUnused(this.#plan);
    else this.#pipe.close();
    this.#pump?.close();
    if (this.#body !== 'of-backend') leaveUnread(this.#body);
    this.#body = null;
  }
}

/** The way out: the opposite of the way in, on which the rule comes behind the plugins of the listener. */
function stepsOf(plugins: ExchangePlugins): (PluginInstance | typeof RULE)[] {
  const { stages, exchange } = plugins;
  const steps: (PluginInstance | typeof RULE)[] = [];
  const ofListener = exchange.service.plugins;
  for (const stage of stages.toReversed()) {
    if (stage.chain === ofListener) steps.push(RULE);
    steps.push(...plugins.wayOutOf(stage, 'response'));
  }
  if (ofListener === null) steps.push(RULE);
  return steps;
}

/** Transforms of a body that is not sent after all. */
function closeUnused({ stations }: BodyPlan): void {
  for (const station of stations.splice(0)) if (station.kind === 'transform') station.transform.close?.();
}
