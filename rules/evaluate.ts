import type { Config, RuleBundle } from '../core/shared/config-types.ts';
import type { RuleScript, RuleStatus } from '../core/shared/rule-script.ts';
import type { RuleProblem } from './compile.ts';
import { drill } from './drill.ts';
import { Guard } from './guard.ts';
import { BUNDLE_NAME, type SandboxSource } from './isolate.ts';
import { dieOf } from './last-words.ts';
import { LoadedScript } from './loaded-script.ts';
import { isOwnFile } from './own-files.ts';
import { LOAD_LIMIT_MS, loadSandbox } from './sandbox-pair.ts';
import { ScriptLog, type RuleLog } from './script-log.ts';
import type { RuleFault, Services } from './services.ts';
import { SourcePositions } from '../core/shared/source-positions.ts';
import { Watchdog } from './watchdog.ts';

const MEASURE_MS = 100;

export interface RuleHostOptions {
  readonly log: RuleLog;
  /** A script's isolate was ended for its time or its memory (and replaced). */
  readonly onFault: (ruleId: string, fault: RuleFault, detail: string) => void;
  /** The primary listens on file descriptor 4: name there the script that this process dies of. */
  readonly lastWords: boolean;
  /** Name the script there before each call too, for deaths that come without warning. */
  readonly trace: boolean;
  /** Go through a fault before the first script is loaded (see `drill.ts`). */
  readonly drill?: boolean;
  /** Note where in a script each decision is made; slow. */
  readonly explain?: boolean;
}

export type LoadResult =
  | { readonly ok: true; readonly script: LoadedScript }
  | { readonly ok: false; readonly problems: readonly RuleProblem[] };

/** The options that the primary gives a worker in its environment. */
export function lastWordsFromEnvironment(
  environment: NodeJS.ProcessEnv,
): Pick<RuleHostOptions, 'lastWords' | 'trace'> {
  const lastWords = environment['TIDEGATE_LAST_WORDS'] === '1';
  return { lastWords, trace: lastWords && environment['TIDEGATE_TRACE_RULES'] === '1' };
}

/** All rule scripts of one process, which must run with `--no-node-snapshot`. */
export class RuleHost {
  readonly #options: RuleHostOptions;
  readonly #services: Services;
  readonly #watchdog = new Watchdog();
  readonly #guard: Guard;
  readonly #timer: NodeJS.Timeout;
  #drilled: Promise<void> | null = null;
  /** By the bundle's id and the lists that it was loaded with. */
  readonly #loaded = new Map<string, { readonly script: LoadedScript; users: number }>();

  constructor(options: RuleHostOptions) {
    this.#options = options;
    this.#guard = new Guard(this.#watchdog.words, options.lastWords);
    this.#services = {
      watchdog: this.#watchdog,
      guard: this.#guard,
      loading: new Set(),
      onFault: options.onFault,
      trace: options.trace,
    };
    this.#timer = setInterval(() => {
      for (const { script } of this.#loaded.values()) script.measure();
    }, MEASURE_MS);
    this.#timer.unref();
  }

  /**
   * Loads a bundle off the main thread, or gives out once more what is loaded of it already. Each
   * success wants one `release`.
   */
  async load(bundle: RuleBundle, lists: Config['lists']): Promise<LoadResult> {
    const key = keyOf(bundle, lists);
    const known = this.#loaded.get(key);
    if (known !== undefined) {
      known.users++;
      return { ok: true, script: known.script };
    }
    const result = await this.#loadNew(bundle, lists);
    if (!result.ok) return result;
    // Somebody else may have loaded the same in the meantime.
    const raced = this.#loaded.get(key);
    if (raced !== undefined) {
      result.script.release();
      raced.users++;
      return { ok: true, script: raced.script };
    }
    this.#loaded.set(key, { script: result.script, users: 1 });
    return result;
  }

  /** To be called when nothing uses the script any more; the isolate goes with its last user. */
  release(script: RuleScript): void {
    for (const [key, entry] of this.#loaded) {
      if (entry.script !== script || --entry.users > 0) continue;
      this.#loaded.delete(key);
      entry.script.release();
    }
  }

  status(): RuleStatus[] {
    return [...this.#loaded.values()].map(({ script }) => ({
      id: script.id,
      file: script.file,
      ...script.counts,
    }));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const { script } of this.#loaded.values()) script.release();
    this.#loaded.clear();
    await Promise.all(this.#services.loading);
    this.#watchdog.close();
    await this.#guard.close();
  }

  async #drill(source: SandboxSource): Promise<void> {
    this.#drilled ??= drill(this.#services, source);
    try {
      await this.#drilled;
    } catch (error) {
      this.#drilled = null;
      throw error;
    }
  }

  async #loadNew(bundle: RuleBundle, lists: Config['lists']): Promise<LoadResult> {
    const log = new ScriptLog(this.#options.log, bundle);
    const positions = new SourcePositions(bundle.sourceMap, BUNDLE_NAME, isOwnFile);
    const source: SandboxSource = {
      code: bundle.code,
      memoryLimitBytes: bundle.memoryLimitBytes,
      settings: JSON.stringify({ lists, explain: this.#options.explain ?? false }),
      words: this.#watchdog.words,
      onConsole: (level, line) => log.console(level, line),
      onLost: () => dieOf(bundle.id, this.#options.lastWords),
    };
    try {
      if (this.#options.drill === true) await this.#drill(source);
      const sandbox = await loadSandbox(source);
      try {
        const script = new LoadedScript(bundle, source, sandbox, positions, this.#services, log);
        if (bundle.shadow === null || script.handles.request) return { ok: true, script };
        script.release();
        const message = 'a script to be tried has to have a `request` handler: nothing else is compared';
        return { ok: false, problems: [{ file: bundle.script, line: 0, column: 0, message }] };
      } catch (error) {
        sandbox.dispose();
        throw error;
      }
    } catch (error) {
      return { ok: false, problems: [problemOf(error, bundle, positions)] };
    }
  }
}

function keyOf(bundle: RuleBundle, lists: Config['lists']): string {
  return `${bundle.id} ${JSON.stringify(lists)}`;
}

function problemOf(error: unknown, bundle: RuleBundle, positions: SourcePositions): RuleProblem {
  const message = error instanceof Error ? error.message : String(error);
  const position = error instanceof Error ? positions.of(String(error.stack))[0] : undefined;
  return {
    file: position?.file ?? bundle.script,
    line: position?.line ?? 0,
    column: position?.column ?? 0,
    message: message.includes('timed out')
      ? `loading the script took longer than ${LOAD_LIMIT_MS} ms`
      : message,
  };
}
