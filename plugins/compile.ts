import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { build, type BuildFailure, type Message } from 'esbuild';
import { z } from 'zod';
import { pluginKey, type PluginBundle, type PluginModuleSource } from '../core/shared/plugin-types.ts';
import type { Problem } from '../core/shared/problem.ts';
import { ENTRY_NAME, pluginResolver } from './resolve-imports.ts';

export type CompilePluginResult =
  | { readonly ok: true; readonly bundle: PluginBundle }
  /** `inputs`: the absolute paths of what was read until it failed, for the watcher. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly inputs: readonly string[] };

/**
 * Bundles a plugin module with all that it imports, but for what is Node's or the host's: text that can be evaluated, and
 * let go of again, which an imported module cannot. Runs none of it. Packages are looked for from the folder of
 * `configFile`. Never throws for what is wrong with the module.
 */
export async function compilePlugin(
  source: PluginModuleSource,
  configFile: string,
): Promise<CompilePluginResult> {
  const folder = dirname(configFile);
  const key = pluginKey(source);
  const inputs = new Set<string>(source.kind === 'file' ? [source.file] : []);
  try {
    const result = await build({
      stdin: {
        contents: `export { default } from ${JSON.stringify(key)};\n`,
        resolveDir: folder,
        sourcefile: ENTRY_NAME,
        loader: 'js',
      },
      absWorkingDir: folder,
      outfile: resolve(folder, 'plugin.bundle.js'),
      bundle: true,
      write: false,
      metafile: true,
      format: 'cjs',
      platform: 'node',
      target: 'node24',
      // A script that is let go of cannot be asked to import: what is not in the bundle is required.
      supported: { 'dynamic-import': false },
      sourcemap: 'external',
      sourcesContent: false,
      legalComments: 'none',
      charset: 'utf8',
      logLevel: 'silent',
      ...pluginResolver(inputs),
    });
    const text = (ending: string): string =>
      result.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? '';
    const entry = result.metafile.inputs[ENTRY_NAME]?.imports[0]?.path;
    const file = source.kind === 'file' ? source.file : resolve(folder, entry ?? key);
    const code = text('.js');
    const id = createHash('sha256')
      .update(JSON.stringify([file, code]))
      .digest('hex');
    const sourceMap = withAbsoluteSources(text('.map'), folder);
    return { ok: true, bundle: { id, key, file, code, sourceMap, inputs: [...inputs] } };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const problems = error.errors.map((message) => problemOf(message, source, configFile));
    return { ok: false, problems, inputs: [...inputs] };
  }
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function problemOf({ text, location }: Message, source: PluginModuleSource, configFile: string): Problem {
  if (location !== null && location.file !== ENTRY_NAME) {
    const message = text.startsWith('Top-level await')
      ? 'a plugin module cannot await at its top level: what takes time belongs into `create`'
      : text;
    const { file, line, column } = location;
    return { file: resolve(dirname(configFile), file), line, column: column + 1, message };
  }
  const message = text.startsWith('No matching export')
    ? 'the module has no default export: it must `export default definePlugin({ … })`'
    : text;
  return source.kind === 'file'
    ? { file: source.file, message }
    : { file: configFile, message: `plugin ${source.name}: ${message}` };
}

const sourceMapShape = z.looseObject({ sources: z.array(z.string()) });

function withAbsoluteSources(sourceMap: string, folder: string): string {
  const map = sourceMapShape.parse(JSON.parse(sourceMap));
  return JSON.stringify({ ...map, sources: map.sources.map((source) => resolve(folder, source)) });
}
