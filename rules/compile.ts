import { createHash } from 'node:crypto';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildFailure, type Message, type Plugin } from 'esbuild';
import { z } from 'zod';
import type { RuleBundle } from '../core/shared/config-types.ts';
import type { RuleScriptConfig } from '../core/shared/listener-types.ts';
import { moduleUrl } from '../core/shared/module-url.ts';
import { packageEntries } from '../core/shared/package-entries.ts';
import { ENTRY_NAME, isOwnFile } from './own-files.ts';

/** What is wrong with a script. `line` and `column` count from 1; 0 where the problem has no place in the file. */
export interface RuleProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type CompileResult =
  | { readonly ok: true; readonly bundle: RuleBundle }
  /** `inputs`: the absolute paths of what was read until it failed, for the watcher. */
  | { readonly ok: false; readonly problems: readonly RuleProblem[]; readonly inputs: readonly string[] };

/** Bundles a rule script with what it imports and the sandbox's runtime into one classic script. Never throws for what is wrong with the script. */
export async function compileRules(settings: RuleScriptConfig): Promise<CompileResult> {
  const inputs = new Set<string>([settings.script]);
  try {
    const result = await build({
      stdin: {
        contents: entrySource(settings.script),
        resolveDir: dirname(settings.script),
        sourcefile: ENTRY_NAME,
        loader: 'js',
      },
      absWorkingDir: dirname(settings.script),
      outfile: join(dirname(settings.script), 'rules.bundle.js'),
      bundle: true,
      write: false,
      format: 'iife',
      target: 'es2024',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['worker', 'browser'],
      sourcemap: 'external',
      sourcesContent: false,
      legalComments: 'none',
      charset: 'utf8',
      logLevel: 'silent',
      plugins: [sandboxResolver(inputs)],
    });
    const text = (ending: string): string =>
      result.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? '';
    const code = text('.js');
    const id = createHash('sha256')
      .update(
        JSON.stringify([
          settings.script,
          settings.timeLimitMs,
          settings.memoryLimitBytes,
          settings.onError,
          settings.shadow,
          code,
        ]),
      )
      .digest('hex');
    const bundle: RuleBundle = {
      script: settings.script,
      timeLimitMs: settings.timeLimitMs,
      memoryLimitBytes: settings.memoryLimitBytes,
      onError: settings.onError,
      shadow: settings.shadow,
      id,
      code,
      sourceMap: withAbsoluteSources(text('.map'), dirname(settings.script)),
      inputs: [...inputs],
    };
    return { ok: true, bundle };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    return {
      ok: false,
      problems: error.errors.map((message) => problemOf(message, settings.script)),
      inputs: [...inputs],
    };
  }
}

/** The runtime comes first (imports run in order), so that it is whole before the script can change any global. */
function entrySource(script: string): string {
  const [globals, entry] = [GLOBALS, ENTRY].map((path) => JSON.stringify(path));
  return `import ${globals};\nimport { start } from ${entry};\nimport rules from ${JSON.stringify(script)};\nstart(rules);\n`;
}

const GLOBALS = fileURLToPath(moduleUrl(import.meta.url, 'runtime/globals'));
const ENTRY = fileURLToPath(moduleUrl(import.meta.url, 'runtime/entry'));

function sandboxResolver(inputs: Set<string>): Plugin {
  return {
    name: 'tidegate-sandbox',
    setup(setup) {
      setup.onResolve({ filter: /^tidegate(?:\/|$)/ }, (args) => {
        if (args.path === 'tidegate/rules') return { path: packageEntries()['tidegate/rules'].module };
        return { errors: [{ text: `a rule script can import "tidegate/rules" only, not "${args.path}"` }] };
      });
      setup.onResolve({ filter: /^(?:node:)?[a-z_]+(?:\/[a-z/]+)?$/ }, async (args) => {
        if (!isBuiltin(args.path) || args.pluginData === 'npm') return undefined;
        // An npm package may have the name of a built-in (`buffer`, `events`), and is pure JavaScript then.
        if (!args.path.startsWith('node:')) {
          const { resolveDir, importer, kind } = args;
          const found = await setup.resolve(args.path, { resolveDir, importer, kind, pluginData: 'npm' });
          if (found.errors.length === 0) return found;
        }
        return {
          errors: [{ text: `"${args.path}" is a part of Node: nothing of Node exists in a rule script` }],
        };
      });
      setup.onLoad({ filter: /.*/ }, (args) => {
        if (args.namespace === 'file' && !isOwnFile(args.path)) inputs.add(args.path);
        return undefined;
      });
    },
  };
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function problemOf(message: Message, script: string): RuleProblem {
  const { location } = message;
  if (location === null || location.file === ENTRY_NAME) {
    const noDefault = message.text.startsWith('No matching export');
    return {
      file: script,
      line: 0,
      column: 0,
      message: noDefault
        ? 'the script has no default export: it must `export default defineRules({ … })`'
        : message.text,
    };
  }
  return {
    file: resolve(dirname(script), location.file),
    line: location.line,
    column: location.column + 1,
    message: message.text,
  };
}

const sourceMapShape = z.looseObject({ sources: z.array(z.string()) });

function withAbsoluteSources(sourceMap: string, folder: string): string {
  const map = sourceMapShape.parse(JSON.parse(sourceMap));
  return JSON.stringify({ ...map, sources: map.sources.map((source) => resolve(folder, source)) });
}
