import type { RuleBundle } from '../core/shared/config-types.ts';
import { formatDuration } from '../core/shared/duration.ts';
import type {
  ConnectDecision,
  DecisionTaker,
  LogDecision,
  PickCandidate,
  RequestDecision,
  ResponseEdits,
  RuleConnection,
  RuleRequest,
  RuleScript,
  ShadowScript,
} from '../core/shared/rule-script.ts';
import { formatSize } from '../core/shared/size.ts';
import { afterNextTurn } from '../core/shared/turn.ts';
import { encodeRequests, splitResults } from './batch.ts';
import {
  decodeCertificateResult,
  decodeLogResult,
  decodePickResult,
  decodeResponseResult,
  encodeCandidates,
  encodeRequest,
  type Decoded,
  type ScriptError,
} from './bridge.ts';
import { decodeConnectResult, encodeConnection } from './connection-bridge.ts';
import { Failure } from './failure.ts';
import { readHandles, RUNTIME_CHANGED } from './handles.ts';
import type { CallName, Sandbox, SandboxSource } from './isolate.ts';
import { KnownDecisions } from './known-decisions.ts';
import { writeLastWords } from './last-words.ts';
import { RequestTurns, type TurnDecider, type TurnResult } from './request-turns.ts';
import { SandboxPair } from './sandbox-pair.ts';
import type { ScriptLog } from './script-log.ts';
import type { RuleFault, Services } from './services.ts';
import { ShadowPace } from './shadow-pace.ts';
import {
  formatPosition,
  type SourcePosition,
  type SourcePositions,
} from '../core/shared/source-positions.ts';

/** The heap is measured after so many calls (and by a timer): a measurement takes as long as one or two calls. */
const CALLS_PER_MEASUREMENT = 64;

/** One script in its sandbox: makes the calls, and takes the consequences of those that fail. */
export class LoadedScript implements RuleScript, ShadowScript, TurnDecider {
  readonly id: string;
  readonly file: string;
  readonly handles: RuleScript['handles'];
  readonly counts = { calls: 0, errors: 0, faults: 0 };
  readonly #bundle: RuleBundle;
  readonly #sandboxes: SandboxPair;
  readonly #positions: SourcePositions;
  readonly #services: Services;
  readonly #log: ScriptLog;
  readonly #turns: RequestTurns;
  /** null: it serves. */
  readonly #shadow: ShadowPace | null;
  #forgiving = false;
  #callsUnmeasured = 0;
  /** Of the current isolate. */
  #known = new KnownDecisions();

  /** Throws where the sandbox says nothing sensible about its handlers. */
  constructor(
    bundle: RuleBundle,
    source: SandboxSource,
    sandbox: Sandbox,
    positions: SourcePositions,
    services: Services,
    log: ScriptLog,
  ) {
    this.id = bundle.id;
    this.file = bundle.script;
    this.handles = readHandles(sandbox.handles);
    this.#bundle = bundle;
    this.#shadow = bundle.shadow === null ? null : new ShadowPace(bundle.shadow.budgetMs);
    this.#turns = new RequestTurns(this, this.#shadow ?? undefined);
    this.#positions = positions;
    this.#services = services;
    this.#log = log;
    this.#sandboxes = new SandboxPair(source, sandbox, bundle, services, {
      onLoadError(error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ ruleId: bundle.id }, `the rule script did not load again: ${reason}`);
      },
      onLoadEnded: () => this.#turns.onLoadEnded(),
    });
  }

  get isLoading(): boolean {
    return this.#sandboxes.isLoading;
  }

  connect(connection: RuleConnection): ConnectDecision {
    const result = this.#call('connect', encodeConnection(connection));
    const fault = (reason: string): ConnectDecision =>
      this.#bundle.onError === 'deny' ? { kind: 'fault', reason } : { kind: 'next' };
    if (result instanceof Failure) return fault(result.reason);
    const decoded = decodeConnectResult(result, connection);
    return decoded.ok ? decoded.value : fault(this.#scriptError('connect', decoded));
  }

  decide(request: RuleRequest, taker: DecisionTaker): void {
    this.#turns.add(request, taker);
  }

  decideIfTimeIsLeft(request: RuleRequest, taker: DecisionTaker): boolean {
    const shadow = this.#shadow;
    if (shadow === null || !shadow.enter()) return false;
    this.#turns.add(request, {
      onDecision(decision) {
        shadow.leave();
        taker.onDecision(decision);
      },
    });
    return true;
  }

  decideAll(requests: readonly RuleRequest[], forgiving: boolean): TurnResult {
    this.#forgiving = forgiving;
    const [only] = requests;
    const isOne = requests.length === 1 && only !== undefined;
    const result = isOne
      ? this.#call('request', [encodeRequest(only)])
      : this.#call('requests', [encodeRequests(requests)], requests.length);
    this.#forgiving = false;
    if (result instanceof Failure) {
      const decision = this.#faultDecision(result.reason);
      if (result.ended === null || result.ended.index === null) return { kind: 'failed', decision };
      const { index, forgiven } = result.ended;
      return { kind: 'ended', index, decision, forgiven };
    }
    const results = isOne ? [result] : splitResults(result, requests.length);
    if (results === null) return { kind: 'failed', decision: this.#faultDecision(RUNTIME_CHANGED) };
    this.#count(results.length - 1);
    return { kind: 'decided', decisions: results.map((one) => this.#decisionOf(one)) };
  }

  /** Decides one request at once, without a second try. */
  request(request: RuleRequest): RequestDecision {
    const result = this.#call('request', [encodeRequest(request)]);
    return result instanceof Failure ? this.#faultDecision(result.reason) : this.#decisionOf(result);
  }

  #decisionOf(result: unknown): RequestDecision {
    const decoded = this.#known.read(result);
    return decoded.ok ? decoded.value : this.#faultDecision(this.#scriptError('request', decoded));
  }

  response(status: number, head: string, request: RuleRequest): ResponseEdits | 'fault' {
    const onError = this.#bundle.onError === 'deny' ? 'fault' : null;
    const args = [status, head, encodeRequest(request)];
    return this.#ask<ResponseEdits | 'fault'>('response', args, decodeResponseResult, onError);
  }

  log(entry: string): LogDecision {
    return this.#ask('log', [entry], decodeLogResult, true);
  }

  pick(candidates: readonly PickCandidate[], request: RuleRequest): number {
    const args = [encodeCandidates(candidates), encodeRequest(request)];
    return this.#ask('pick', args, (result) => decodePickResult(result, candidates.length), -1);
  }

  certificate(serverName: string, clientAddress: string): boolean {
    return this.#ask('certificate', [serverName, clientAddress], decodeCertificateResult, false);
  }

  #ask<T>(
    name: 'response' | 'log' | 'pick' | 'certificate',
    args: (string | number)[],
    read: (result: unknown) => Decoded<T>,
    onFault: T,
  ): T {
    const result = this.#call(name, args);
    if (result instanceof Failure) return onFault;
    const decoded = read(result);
    if (decoded.ok) return decoded.value;
    this.#scriptError(name, decoded);
    return onFault;
  }

  /** In explain mode: where in the script the last decision of `request` or `connect` was made. */
  lastPosition(): SourcePosition | null {
    const stack = this.#call('where', []);
    return typeof stack === 'string' ? (this.#positions.of(stack)[0] ?? null) : null;
  }

  /** Ends the isolate when it is over its limit. Called by the host's timer; does nothing when there was no call since. */
  measure(): void {
    if (this.#callsUnmeasured === 0) return;
    this.#callsUnmeasured = 0;
    if (this.#sandboxes.isOver(this.#bundle.memoryLimitBytes)) this.#ended('memory', 'between two calls', 1);
  }

  /** Calls after this are faults. */
  release(): void {
    this.#sandboxes.release();
  }

  /** `requests`: how many it is about. */
  #call(name: CallName, args: (string | number)[], requests = 1, isRetry = false): unknown {
    // Not behind the call: what that returned is to be read with what is known of its isolate.
    if (this.#callsUnmeasured >= CALLS_PER_MEASUREMENT) this.measure();
    const armed = this.#sandboxes.take();
    if (armed === null) return new Failure('the script is not loaded');
    const { watchdog } = this.#services;
    if (this.#services.trace) writeLastWords(this.id, true);
    let error: unknown = null;
    let result: unknown;
    watchdog.begin(armed.slot);
    try {
      result = armed.sandbox.call(name, args);
    } catch (thrown) {
      error = thrown ?? new Error('unknown');
    }
    const isOvertime = watchdog.end();
    this.#count(1);
    if (isOvertime) return this.#ended('time', `the \`${handlerOf(name)}\` handler`, requests);
    return error === null ? result : this.#failed(error, armed.sandbox, name, args, requests, isRetry);
  }

  #count(calls: number): void {
    this.counts.calls += calls;
    this.#callsUnmeasured += calls;
  }

  #failed(
    error: unknown,
    sandbox: Sandbox,
    name: CallName,
    args: (string | number)[],
    requests: number,
    isRetry: boolean,
  ): unknown {
    const message = error instanceof Error ? error.message : String(error);
    const where = `the \`${handlerOf(name)}\` handler`;
    if (message.includes('memory limit')) return this.#ended('memory', where, requests);
    if (sandbox.isDisposed) {
      if (isRetry) return this.#ended('time', where, requests);
      // The watchdog meant the call before this one, which just ended by itself.
      this.#drop();
      return this.#call(name, args, requests, true);
    }
    const stack = error instanceof Error ? String(error.stack) : '';
    return new Failure(
      this.#scriptError(handlerOf(name), { ok: false, reason: message.slice(0, 1000), stack }),
    );
  }

  #ended(fault: RuleFault, where: string, requests: number): Failure {
    const limit =
      fault === 'time' ? formatDuration(this.#bundle.timeLimitMs) : formatSize(this.#bundle.memoryLimitBytes);
    const detail = `${where} passed the ${fault} limit of ${limit}`;
    this.counts.faults++;
    this.#drop();
    const { reached } = this.#services.watchdog;
    const index = reached < requests ? reached : null;
    const forgiven = index !== null && fault === 'time' && this.#forgiving;
    afterNextTurn(() => {
      this.#log.error(
        { fault, ruleId: this.id },
        `the rule script's isolate was ended and replaced: ${detail}${forgiven ? '; the request is tried once more' : ''}`,
      );
    });
    if (!forgiven) this.#services.onFault(this.id, fault, detail);
    return new Failure(detail, { index, forgiven });
  }

  /** Returns the reason, with the place in the script. */
  #scriptError(handler: string, error: ScriptError): string {
    this.counts.errors++;
    const stack = this.#positions.of(error.stack).map(formatPosition);
    const reason = `the \`${handler}\` handler failed: ${error.reason}${stack[0] === undefined ? '' : ` (at ${stack[0]})`}`;
    this.#log.error({ handler, stack }, reason);
    return reason;
  }

  #faultDecision(reason: string): RequestDecision {
    return this.#bundle.onError === 'deny' ? { kind: 'fault', reason } : NEXT;
  }

  #drop(): void {
    this.#known = new KnownDecisions();
    this.#sandboxes.giveUp();
  }
}

/** As its author calls it. */
function handlerOf(name: CallName): string {
  return name === 'requests' ? 'request' : name;
}

const NEXT: RequestDecision = { kind: 'next', edits: [] };
