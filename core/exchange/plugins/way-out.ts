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
import { AnswerBody } from './answer-body.ts';
import { BodyPlan } from './body-plan.ts';
import { codingsOf } from './codings.ts';
import type { ExchangePlugins } from './exchange-plugins.ts';
import { leaveUnread, ownAnswerOf, type OwnAnswer } from './own-answer.ts';
import { closeUnused, hookFailed, restOf } from './plugin-fault.ts';
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
export class WayOut {
  view: ResponseView;
  readonly #plugins: ExchangePlugins;
  readonly #owner: AnswerOwner;
  readonly #steps: readonly (PluginInstance | typeof RULE)[];
  #nextStep = 0;
  #isAtBodyHooks = false;
  #body: Buffer | BodyStream | 'of-backend' | null;
  /** Whose body it is. */
  #instance: PluginInstance | null = null;
  #plan: BodyPlan;
  /** null: nothing is sent yet. */
  #sent: AnswerBody | null = null;
  /** What the backend has sent of the body before its turn. */
  #early: Buffer[] = [];
  #isEnded = false;
  #trailers: HeaderList | null = null;
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
    this.#plan = this.#newPlan();
    this.#steps = stepsOf(plugins);
  }

  get isSent(): boolean {
    return this.#sent !== null;
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
    this.#send();
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
    this.#isAtBodyHooks = true;
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
      else closeUnused(instance, 'responseBody', hook?.transform);
    } catch (error) {
      closeUnused(instance, 'responseBody', hook?.transform);
      const fault = hookFailed(instance, 'responseBody', error);
      if (fault !== null && !this.#isClosed) this.#becomesError(fault);
    }
  }

  /** The answer is another one from here on. To be called before the head is sent. */
  replace(answer: OwnAnswer): void {
    this.#plugins.stopWaiting();
    this.#becomes(answer);
    if (!this.#isAtBodyHooks) this.run();
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
    closePlan(this.#plan);
    this.view = new ResponseView(head, from, this.#plugins.exchange.method);
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
    const { stations, framing } = this.#plan;
    const head = stations.length === 0 ? this.view.head : { ...this.view.head, framing };
    const body = this.#body;
    this.#body = null;
    this.#sent = new AnswerBody(this.#plugins, this.#owner, this.#plan, this.view.from, this.#instance);
    this.#owner.sendHead(head);
    // Behind a 101 nothing is HTTP any more.
    if (head.status === 101) return;
    if (body === 'of-backend') this.#sendEarly(this.#sent);
    else this.#sent.send(body);
  }

  #sendEarly(sent: AnswerBody): void {
    let isTaken = true;
    for (const piece of this.#early.splice(0)) isTaken = sent.write(piece);
    if (this.#isEnded) sent.end(this.#trailers);
    else if (isTaken) this.#plugins.exchange.attempt?.resume();
  }

  /** A piece of the backend's answer. False: no more for now. */
  write(piece: Buffer): boolean {
    if (this.#sent !== null) return this.#sent.write(piece);
    if (!this.#isClosed) this.#early.push(copyOf(piece));
    return false;
  }

  flush(): void {
    this.#sent?.flush();
  }

  /** The backend's answer is whole. */
  end(trailers: HeaderList | null): void {
    this.#isEnded = true;
    this.#trailers = trailers;
    this.#sent?.end(trailers);
  }

  onClientWritable(): void {
    this.#sent?.onClientWritable();
  }

  /** The exchange is over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#early = [];
    if (this.#sent === null) closePlan(this.#plan);
    else this.#sent.close();
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
function closePlan({ stations }: BodyPlan): void {
  for (const station of stations.splice(0))
    if (station.kind === 'transform') closeUnused(station.instance, 'responseBody', station.transform);
}
