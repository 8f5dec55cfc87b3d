import type { HookName, PluginChain, PluginInstance } from '../../../plugins/contract/chain.ts';
import type { PluginExchange } from '../../../plugins/contract/exchange.ts';
import type { PluginAnswer } from '../../../plugins/contract/message.ts';
import { ProxyError } from '../../shared/errors.ts';
import type { RuleVariables } from '../../shared/rule-variables.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import type { Exchange } from '../exchange.ts';
import { leaveUpstream } from '../attempts.ts';
import { ExchangeView } from './exchange-view.ts';
import { isPromise } from './is-promise.ts';
import { pluginAnswer, type OwnAnswer } from './own-answer.ts';
import { endedLate, hookFailed, restOf } from './plugin-fault.ts';
import type { PluginRequestBody } from './request-body.ts';
import { passOut, type AnswerOwner, type WayOut } from './way-out.ts';

/** The plugins of one place on the way in. */
export interface Stage {
  readonly chain: PluginChain;
  /** How many of `chain.all` are behind it: the way out leads by these. */
  passed: number;
}

/** What the plugins of its listener, route and upstreams do with one exchange. */
export class ExchangePlugins {
  readonly owner: AnswerOwner;
  readonly exchange: Exchange;
  /** In the order of the way in; the listener's is the first one where it has plugins. */
  readonly stages: Stage[] = [];
  readonly view: PluginExchange & ExchangeView;
  /** Where a plugin wants it to go. */
  placed: Upstream | null = null;
  /** Whether a `request` hook is being called, or its promise waited for. */
  isOnWayIn = false;
  /** null: no answer is on its way. */
  out: WayOut | null = null;
  /** The request's body on its way through transforms: before its first attempt, and again before a fallback's that has some. */
  readonly requestBodies: PluginRequestBody[] = [];
  /** How many of `stages` were asked for transforms of the request's body. */
  stagesAsked = 0;
  /** For the rule script; null: none is set. */
  variables: RuleVariables | null = null;
  logFields: Record<string, string | number | boolean> | null = null;
  /** Those that rested when the exchange came to them; null: none did. */
  passedOver: Set<PluginInstance> | null = null;
  /** Whether a plugin has changed the request's fields since the head's text was made. */
  headChanged = false;
  #abort: AbortController | null = null;
  /** Goes up when what is waited for has come, and when nobody waits for it any more. */
  #turn = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(owner: AnswerOwner) {
    this.owner = owner;
    this.exchange = owner.exchange;
    this.view = new ExchangeView(this);
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.exchange.finished) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  /** The longest that a hook, or a piece in a transform, may take. */
  get patienceMs(): number {
    return this.exchange.service.config.timeouts.idleMs;
  }

  /** The plugins that an answer passes: of `hook`, in the order of the way out. */
  *wayOutOf(stage: Stage, hook: 'response' | 'responseBody'): Iterable<PluginInstance> {
    const { all, [hook]: instances } = stage.chain;
    for (const instance of instances ?? [])
      if (stage.passed === all.length || all.indexOf(instance) < stage.passed) yield instance;
  }

  // --- the way in ----------------------------------------------------------------------------

  /** Calls the `request` hooks of a place, then `then`, unless one of them ends the exchange. */
  enter(chain: PluginChain, then: () => void): void {
    const stage = { chain, passed: 0 };
    this.stages.push(stage);
    this.#enterFrom(stage, 0, then);
  }

  #enterFrom(stage: Stage, first: number, then: () => void): void {
    const { all } = stage.chain;
    const hooks = stage.chain.request ?? [];
    for (let i = first; i < hooks.length; i++) {
      const instance = hooks[i];
      if (instance === undefined) break;
      stage.passed = all.indexOf(instance);
      this.isOnWayIn = true;
      const goOn = this.callForAnswer(instance, 'request', (answer) => {
        this.isOnWayIn = false;
        if (answer === null) this.#enterFrom(stage, i + 1, then);
        else if (answer instanceof ProxyError) this.owner.fail(answer);
        else this.#endWith(answer);
      });
      if (!goOn) return;
      this.isOnWayIn = false;
    }
    stage.passed = all.length;
    then();
  }

  /**
   * Calls a hook that may answer.
   * @returns true: it does not, and is done. Otherwise `done` hears of it, now or later, unless the exchange ends before
   */
  callForAnswer(
    instance: PluginInstance,
    hook: 'request' | 'response',
    done: (answer: OwnAnswer | ProxyError | null) => void,
  ): boolean {
    const rest = restOf(instance, hook);
    if (rest !== 'call') {
      if (hook === 'request') (this.passedOver ??= new Set()).add(instance);
      if (rest !== null) done(rest);
      return rest === null;
    }
    const turn = this.#turn;
    instance.calls[hook] += 1;
    let result: unknown;
    try {
      result =
        hook === 'request' ? instance.hooks.request?.(this.view) : instance.hooks.response?.(this.view);
    } catch (error) {
      if (this.#turn !== turn) return false;
      const fault = hookFailed(instance, hook, error);
      if (fault !== null) done(fault);
      return fault === null;
    }
    // It has ended the exchange itself.
    if (this.#turn !== turn) return false;
    if (result === undefined) return true;
    if (isPromise(result)) {
      this.#waitFor(instance, hook, result, done);
      return false;
    }
    done(this.#answerIn(instance, hook, result));
    return false;
  }

  #answerIn(instance: PluginInstance, hook: HookName, result: unknown): OwnAnswer | ProxyError | null {
    if (result === undefined || result === null) return null;
    try {
      if (!isAnswer(result)) throw new TypeError('it gives what is no answer');
      return pluginAnswer(this.exchange, result, instance);
    } catch (error) {
      return hookFailed(instance, hook, error);
    }
  }

  #waitFor(
    instance: PluginInstance,
    hook: HookName,
    result: PromiseLike<unknown>,
    done: (answer: OwnAnswer | ProxyError | null) => void,
  ): void {
    const turn = this.#turn;
    const settle = (answer: () => OwnAnswer | ProxyError | null): void => {
      if (this.#turn !== turn) return;
      this.stopWaiting();
      try {
        done(answer());
      } catch (error) {
        this.owner.failWithBug(error);
      }
    };
    const fail = (error: unknown): void => settle(() => hookFailed(instance, hook, error));
    const ms = this.patienceMs;
    this.#timer = setTimeout(() => fail(new Error(`it was not settled within ${ms} ms`)), ms);
    result.then((value) => settle(() => this.#answerIn(instance, hook, value)), fail);
  }

  /** Nothing that is waited for matters any more. */
  stopWaiting(): void {
    this.#turn += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  // --- what plugins do at any time -----------------------------------------------------------

  /** @throws TypeError, RangeError for what is no answer */
  refuse(answer: PluginAnswer): void {
    if (this.exchange.finished) return;
    const own = pluginAnswer(this.exchange, answer, null);
    this.stopWaiting();
    this.isOnWayIn = false;
    this.#endWith(own);
  }

  #endWith(answer: OwnAnswer): void {
    if (this.owner.answerBegun) return this.owner.cutOff(endedLate());
    leaveUpstream(this.exchange);
    passOut(this, this.owner, answer);
  }

  abort(): void {
    if (this.exchange.finished) return;
    this.stopWaiting();
    this.owner.cutOff(new ProxyError('plugin-abort', 'proxy', 'a plugin ended it'));
  }

  /** @throws Error for an unknown upstream, and where it is too late */
  place(name: string): void {
    const upstream = this.exchange.service.upstreams.get(name);
    if (upstream === undefined) throw new Error(`there is no upstream ${JSON.stringify(name)}`);
    if (!this.isOnWayIn) throw new Error('a request is placed in a `request` hook');
    this.placed = upstream;
  }

  /** The upstream that a plugin has named since this was asked last. */
  takePlaced(): Upstream | null {
    const { placed } = this;
    this.placed = null;
    return placed;
  }

  closeRequestBodies(): void {
    for (const body of this.requestBodies) body.close();
  }

  /** The exchange is over: everything that it holds for plugins is given back. */
  close(): void {
    this.stopWaiting();
    this.isOnWayIn = false;
    this.out?.close();
    this.closeRequestBodies();
    if (this.exchange.error !== null) this.#abort?.abort();
  }
}

function isAnswer(value: unknown): value is PluginAnswer {
  return typeof value === 'object' && value !== null && 'status' in value && typeof value.status === 'number';
}
