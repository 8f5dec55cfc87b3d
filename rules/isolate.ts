import { setFlagsFromString } from 'node:v8';
import ivm from 'isolated-vm';
import { BETWEEN_REQUESTS, MAX_REQUESTS, WORDS } from './call-state.ts';
import { MAX_LINE_LENGTH, MAX_RESULT_LENGTH, MAX_RESULTS_LENGTH, TOO_LONG } from './runtime/limits.ts';

/**
 * An isolate that spins in a loop which V8 is just then optimizing on another thread looks at no
 * interrupt for seconds; with the compilation on the same thread it ends at once. Only isolates that
 * are created later take the flag: the program's own keeps its concurrent compiler.
 */
setFlagsFromString('--no-concurrent-recompilation');

const MIB = 2 ** 20;
/** The smallest that isolated-vm takes. */
const MIN_MEMORY_MIB = 8;

export type IsolateHandle = ivm.Isolate;

export interface SandboxSource {
  readonly code: string;
  readonly memoryLimitBytes: number;
  /** JSON of `HostSettings` in `runtime/host.ts`. */
  readonly settings: string;
  /** Of `call-state.ts`. */
  readonly words: Int32Array;
  readonly onConsole: (level: unknown, line: unknown) => void;
  /** V8 has lost the isolate and parks the thread that was in it; nothing but the end of the process helps. */
  readonly onLost: () => void;
}

/** The name under which the bundle's frames stand in stack traces. */
export const BUNDLE_NAME = 'tidegate-rules.js';

const callNames = [
  'connect',
  'request',
  'requests',
  'response',
  'log',
  'pick',
  'certificate',
  'where',
] as const;
export type CallName = (typeof callNames)[number];

/** Where a call may return more than one result; each has its mark (see `batch.ts`). */
const MAX_LENGTHS: Partial<Record<CallName, number>> = {
  requests: MAX_RESULTS_LENGTH + MAX_RESULT_LENGTH + MAX_REQUESTS * 12,
};

/** One isolate with a script loaded in it. */
export class Sandbox {
  readonly isolate: IsolateHandle;
  /** JSON, written by the script's side. */
  readonly handles: unknown;
  readonly #calls: Readonly<Record<CallName, ivm.Reference>>;

  private constructor(isolate: IsolateHandle, context: ivm.Context) {
    this.isolate = isolate;
    const calls = context.global.getSync('tidegateCalls', { reference: true });
    this.handles = calls.getSync('handles');
    const reference = (name: CallName): ivm.Reference =>
      bounded(context, calls.getSync(name, { reference: true }), MAX_LENGTHS[name] ?? MAX_RESULT_LENGTH);
    this.#calls = {
      connect: reference('connect'),
      request: reference('request'),
      requests: reference('requests'),
      response: reference('response'),
      log: reference('log'),
      pick: reference('pick'),
      certificate: reference('certificate'),
      where: reference('where'),
    };
    context.global.deleteSync('tidegateCalls');
  }

  /** Loads off the main thread. Rejects with what the script threw, or when it took longer than `timeoutMs`. */
  static async load(source: SandboxSource, timeoutMs: number): Promise<Sandbox> {
    const isolate = createIsolate(source);
    try {
      const context = await isolate.createContext();
      setBindings(context, source);
      const script = await isolate.compileScript(source.code, { filename: BUNDLE_NAME });
      await script.run(context, { timeout: timeoutMs });
      return new Sandbox(isolate, context);
    } catch (error) {
      disposeOf(isolate);
      throw error;
    }
  }

  /** Loads on the main thread, which waits. Throws as `load` rejects. */
  static loadNow(source: SandboxSource, timeoutMs: number): Sandbox {
    const isolate = createIsolate(source);
    try {
      const context = isolate.createContextSync();
      setBindings(context, source);
      isolate
        .compileScriptSync(source.code, { filename: BUNDLE_NAME })
        .runSync(context, { timeout: timeoutMs });
      return new Sandbox(isolate, context);
    } catch (error) {
      disposeOf(isolate);
      throw error;
    }
  }

  get isDisposed(): boolean {
    return this.isolate.isDisposed;
  }

  /** What the script's side returned: nothing about it is sure. Throws when the isolate ended during the call. */
  call(name: CallName, args: (string | number)[]): unknown {
    const result: unknown = this.#calls[name].applySync(undefined, args);
    return result;
  }

  /** Whether the isolate holds more than this many bytes, garbage not counted. Throws or not, an isolate over its limit may be disposed of afterwards. */
  isOver(bytes: number): boolean {
    if (this.isDisposed) return false;
    try {
      if (usedBytes(this.isolate) <= bytes) return false;
      // isolated-vm collects all garbage of an isolate that is over its own limit before it compiles anything.
      this.isolate.compileScriptSync('0').release();
      return usedBytes(this.isolate) > bytes;
    } catch {
      return true;
    }
  }

  dispose(): void {
    disposeOf(this.isolate);
  }
}

function createIsolate(source: SandboxSource): ivm.Isolate {
  const memoryLimit = Math.max(MIN_MEMORY_MIB, Math.ceil(source.memoryLimitBytes / MIB));
  return new ivm.Isolate({ memoryLimit, onCatastrophicError: source.onLost });
}

/**
 * The words and the log are reached through these functions alone: from the script, a direct `eval` sees
 * all variables of the bundle, and can put others into their place.
 */
function setBindings(context: ivm.Context, source: SandboxSource): void {
  const writeLog = new ivm.Callback((level: unknown, line: unknown) => source.onConsole(level, line), {
    sync: true,
  });
  context.evalClosureSync(
    `'use strict';
    const writeLog = $1;
    const words = new Int32Array($2);
    const { add } = Atomics;
    globalThis.tidegateHost = {
      settings: $0,
      writeLog(level, line) {
        // Each is copied in whole before the host can look at it.
        if (typeof line === 'string' && line.length <= ${MAX_LINE_LENGTH} && typeof level === 'string' && level.length < 10) writeLog(level, line);
      },
      beginNext() { add(words, ${WORDS.sequence}, ${BETWEEN_REQUESTS}); },
      endAll() { add(words, ${WORDS.sequence}, ${BETWEEN_REQUESTS * MAX_REQUESTS}); },
    };`,
    [source.settings, writeLog, new ivm.ExternalCopy(source.words.buffer).copyInto({ release: true })],
  );
}

/**
 * What a call returns or throws is copied in whole before the host can look at it, and the script can have
 * put anything into the place of the runtime's own functions: so its size is looked at inside.
 */
function bounded(context: ivm.Context, call: ivm.Reference, maxLength: number): ivm.Reference {
  return context.evalClosureSync(
    `const call = $0;
    return (a, b, c) => {
      try {
        const result = call(a, b, c);
        return typeof result !== 'string' || result.length <= ${maxLength} ? result : '${TOO_LONG}';
      } catch {
        return '["fault","the script changed the runtime that it runs in",""]';
      }
    };`,
    [call.derefInto()],
    { result: { reference: true } },
  );
}

function usedBytes(isolate: ivm.Isolate): number {
  const heap = isolate.getHeapStatisticsSync();
  return heap.used_heap_size + heap.externally_allocated_size;
}

function disposeOf(isolate: ivm.Isolate): void {
  // One that the watchdog or the memory limit ended may be disposed of already.
  if (!isolate.isDisposed) isolate.dispose();
}

/** The trusted isolate in which the watchdog's loop runs, in a thread of isolated-vm's pool. */
export class WatchIsolate {
  readonly #isolate = new ivm.Isolate({ memoryLimit: MIN_MEMORY_MIB });
  readonly #loop: ivm.Reference;
  readonly #assign: ivm.Reference;

  /** `source`: a script that defines the functions `loop(command)` and `assign(slot, isolate | undefined)`; it finds `words` in the global object. */
  constructor(source: string, words: Int32Array) {
    const context = this.#isolate.createContextSync();
    context.global.setSync('buffer', new ivm.ExternalCopy(words.buffer).copyInto({ release: true }));
    context.evalSync(source);
    this.#loop = context.global.getSync('loop', { reference: true });
    this.#assign = context.global.getSync('assign', { reference: true });
  }

  /** Resolves when the loop is left. */
  async loop(command: number): Promise<void> {
    await this.#loop.apply(undefined, [command]);
  }

  /** Waits until the loop is left. */
  assign(slot: number, isolate: IsolateHandle | undefined): void {
    this.#assign.applySync(undefined, [slot, isolate]);
  }

  dispose(): void {
    disposeOf(this.#isolate);
  }
}
