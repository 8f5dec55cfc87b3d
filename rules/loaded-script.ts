import { z } from 'zod';
import type { RuleBundle } from '../core/shared/config-types.ts';
import { formatDuration } from '../core/shared/duration.ts';
import type { LogDecision, PickCandidate, RequestDecision, ResponseEdits, RuleRequest, RuleScript } from '../core/shared/rule-script.ts';
import { formatSize } from '../core/shared/size.ts';
import { decodeLogResult, decodePickResult, decodeRequestResult, decodeResponseResult, encodeCandidates, encodeRequest, type ScriptError } from './bridge.ts';
import type { Guard } from './guard.ts';
import { Sandbox, type CallName, type SandboxSource } from './isolate.ts';
import { writeLastWords } from './last-words.ts';
import type { ScriptLog } from './script-log.ts';
import { formatPosition, type SourcePosition, type SourcePositions } from './source-positions.ts';
import type { Watchdog } from './watchdog.ts';

/** For a script to run its top level. */
export const LOAD_LIMIT_MS = 1000;
/** The heap is measured after so many calls (and by a timer): a measurement takes as long as one or two calls. */
const CALLS_PER_MEASUREMENT = 64;

/**
 * Code ends within microseconds when its isolate is disposed of. What ends this much later was in
 * V8's optimizing compiler or garbage collector, or waited for a processor: no fault of the script's, and the
 * call is made once more.
 */
const LATE_END_MS = 2;

export type RuleFault = 'time' | 'memory';

/** What all scripts of a process share. */
export interface Services {
  readonly watchdog: Watchdog;
  readonly guard: Guard;
  /** The isolate was ended; it is replaced already. */
  readonly onFault: (ruleId: string, fault: RuleFault, detail: string) => void;
  /** Name the script on file descriptor 4 before each call. */
  readonly trace: boolean;
}

const handlesShape = z.array(z.enum(['request', 'response', 'log', 'pick']));

/** A sandbox under the watchdog's eyes. */
interface Armed {
  readonly sandbox: Sandbox;
  readonly slot: number;
}

/** A call that gave no result; why is logged already. */
class Failure {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** One script with its isolate, and a second, loaded one that takes over the moment the first is ended. */
export class LoadedScript implements RuleScript {
  readonly id: string;
  readonly file: string;
  readonly handles: RuleScript['handles'];
  readonly counts = { calls: 0, errors: 0, faults: 0 };
  readonly #bundle: RuleBundle;
  readonly #source: SandboxSource;
  readonly #positions: SourcePositions;
  readonly #services: Services;
  readonly #log: ScriptLog;
  #current: Armed | null;
  #spare: Armed | null = null;
  #released = false;
  #callsWhenMeasured = 0;
  /** Decisions of the current isolate that cross as a number. */
  #known: RequestDecision[] = [];

  /** Throws where the sandbox says nothing sensible about its handlers. */
  constructor(bundle: RuleBundle, source: SandboxSource, sandbox: Sandbox, positions: SourcePositions, services: Services, log: ScriptLog) {
    this.id = bundle.id;
    this.file = bundle.script;
    const names = handlesShape.parse(JSON.parse(z.string().parse(sandbox.handles)));
    this.handles = {
      request: names.includes('request'),
      response: names.includes('response'),
      log: names.includes('log'),
      pick: names.includes('pick'),
    };
    this.#bundle = bundle;
    this.#source = source;
    this.#positions = positions;
    this.#services = services;
    this.#log = log;
    this.#current = this.#arm(sandbox);
    this.#prepareSpare();
  }

  request(request: RuleRequest): RequestDecision {
    const result = this.#call('request', [encodeRequest(request)]);
    if (typeof result === 'number') {
      if (result === 0) return NEXT;
      const known = this.#known[result];
      if (known !== undefined) return known;
    }
    if (result instanceof Failure) return this.#faultDecision(result.reason);
    const decoded = decodeRequestResult(result);
    if (!decoded.ok) return this.#faultDecision(this.#scriptError('request', decoded));
    if (decoded.id !== 0) this.#known[decoded.id] = decoded.value;
    return decoded.value;
  }

  response(status: number, head: string, request: RuleRequest): ResponseEdits | 'fault' {
    const onError = this.#bundle.onError === 'deny' ? 'fault' : null;
    const result = this.#call('response', [status, head, encodeRequest(request)]);
    if (result instanceof Failure) return onError;
    const decoded = decodeResponseResult(result);
    if (decoded.ok) return decoded.value;
    this.#scriptError('response', decoded);
    return onError;
  }

  log(entry: string): LogDecision {
    const result = this.#call('log', [entry]);
    if (result instanceof Failure) return true;
    const decoded = decodeLogResult(result);
    if (decoded.ok) return decoded.value;
    this.#scriptError('log', decoded);
    return true;
  }

  pick(candidates: readonly PickCandidate[], request: RuleRequest): number {
    const result = this.#call('pick', [encodeCandidates(candidates), encodeRequest(request)]);
    if (result instanceof Failure) return -1;
    const decoded = decodePickResult(result, candidates.length);
    if (decoded.ok) return decoded.value;
    this.#scriptError('pick', decoded);
    return -1;
  }

  /** In explain mode: where in the script the last decision of `request` was made. */
  lastPosition(): SourcePosition | null {
    const stack = this.#call('where', []);
    return typeof stack === 'string' ? (this.#positions.of(stack)[0] ?? null) : null;
  }

  /** Ends the isolate when it is over its limit. Called by the host's timer; does nothing when there was no call since. */
  measure(): void {
    if (this.#callsWhenMeasured === this.counts.calls || this.#current === null) return;
    this.#callsWhenMeasured = this.counts.calls;
    if (this.#current.sandbox.isOver(this.#bundle.memoryLimitBytes)) this.#ended('memory', 'between two calls');
  }

  /** Calls after this are faults. */
  release(): void {
    this.#released = true;
    if (this.#current !== null) this.#disarm(this.#current);
    if (this.#spare !== null) this.#disarm(this.#spare);
    this.#current = null;
    this.#spare = null;
  }

  #call(name: CallName, args: (string | number)[], isRetry = false): unknown {
    const armed = this.#current ?? this.#replace();
    if (armed instanceof Failure) return armed;
    const { watchdog } = this.#services;
    if (this.#services.trace) writeLastWords(this.id, true);
    this.counts.calls++;
    let error: unknown = null;
    let result: unknown;
    watchdog.begin(armed.slot);
    try {
      result = armed.sandbox.call(name, args);
    } catch (thrown) {
      error = thrown ?? new Error('unknown');
    }
    const endedMsAgo = watchdog.end();
    if (endedMsAgo !== null) {
      if (endedMsAgo >= LATE_END_MS && !isRetry) return this.#again(name, args);
      return this.#ended('time', `the \`${name}\` handler`);
    }
    if (error !== null) return this.#failed(error, armed.sandbox, name, args, isRetry);
    if (this.counts.calls % CALLS_PER_MEASUREMENT === 0) this.measure();
    return result;
  }

  #failed(error: unknown, sandbox: Sandbox, name: CallName, args: (string | number)[], isRetry: boolean): unknown {
    const message = error instanceof Error ? error.message : String(error);
    if (message.includes('memory limit')) return this.#ended('memory', `the \`${name}\` handler`);
    if (sandbox.isDisposed) {
      if (isRetry) return this.#ended('time', `the \`${name}\` handler`);
      // The watchdog meant the call before this one, which just ended by itself.
      return this.#again(name, args);
    }
    const stack = error instanceof Error ? String(error.stack) : '';
    return new Failure(this.#scriptError(name, { ok: false, reason: message.slice(0, 1000), stack }));
  }

  /** On the next isolate. */
  #again(name: CallName, args: (string | number)[]): unknown {
    this.#drop();
    return this.#call(name, args, true);
  }

  #ended(fault: RuleFault, where: string): Failure {
    const limit = fault === 'time' ? formatDuration(this.#bundle.timeLimitMs) : formatSize(this.#bundle.memoryLimitBytes);
    const detail = `${where} passed the ${fault} limit of ${limit}`;
    this.counts.faults++;
    this.#drop();
    this.#log.error({ fault, ruleId: this.id }, `the rule script's isolate was ended and replaced: ${detail}`);
    this.#services.onFault(this.id, fault, detail);
    return new Failure(detail);
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

  #arm(sandbox: Sandbox): Armed {
    const slot = this.#services.watchdog.add(sandbox.isolate, this.#bundle.timeLimitMs);
    this.#services.guard.assign(slot, this.id);
    return { sandbox, slot };
  }

  #disarm(armed: Armed): void {
    this.#services.watchdog.remove(armed.slot);
    armed.sandbox.dispose();
  }

  /** Gives the current isolate up and lets the spare one take over. */
  #drop(): void {
    if (this.#current !== null) this.#disarm(this.#current);
    this.#current = this.#spare;
    this.#spare = null;
    this.#known = [];
    this.#prepareSpare();
  }

  /** Two faults so close together that the second isolate was not ready: the caller waits for a third. */
  #replace(): Armed | Failure {
    if (this.#released) return new Failure('the script was unloaded');
    try {
      return (this.#current = this.#arm(Sandbox.loadNow(this.#source, LOAD_LIMIT_MS)));
    } catch (error) {
      return new Failure(this.#reloadFailed(error));
    }
  }

  /** Even its beginning takes a millisecond of the main thread: the requests that waited for the fault come first. */
  #prepareSpare(): void {
    setImmediate(() => {
      if (this.#released) return;
      Sandbox.load(this.#source, LOAD_LIMIT_MS).then(
        (sandbox) => {
          if (this.#released || this.#spare !== null) sandbox.dispose();
          else this.#spare = this.#arm(sandbox);
        },
        (error: unknown) => this.#reloadFailed(error),
      );
    });
  }

  #reloadFailed(error: unknown): string {
    const reason = `the script did not load again: ${error instanceof Error ? error.message : String(error)}`;
    this.#log.error({ ruleId: this.id }, reason);
    return reason;
  }
}

const NEXT: RequestDecision = { kind: 'next', edits: [] };
