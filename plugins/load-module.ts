import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import type { BuiltinPluginName } from '../core/shared/builtin-plugins.ts';
import type { PluginBundle } from '../core/shared/plugin-types.ts';
import type { Problem } from '../core/shared/problem.ts';
import { SourcePositions } from '../core/shared/source-positions.ts';
import type { Plugin } from './api.ts';
import { BUILTINS } from './builtin/index.ts';
import * as publicEntry from './index.ts';

/** A plugin's code, evaluated. */
export interface PluginModule {
  /** Of its code: the bundle's id, or the name of the built-in. */
  readonly id: string;
  /** null: of one that Tidegate brings along. */
  readonly file: string | null;
  readonly plugin: Plugin<unknown>;
  /** A stack trace with the author's places in it. */
  readonly stackOf: (error: unknown) => string;
}

export type LoadModuleResult =
  { readonly ok: true; readonly module: PluginModule } | { readonly ok: false; readonly problem: Problem };

/** Every name that a config may use has its module. */
const builtins: Readonly<Record<BuiltinPluginName, () => Promise<{ readonly default: Plugin<unknown> }>>> =
  BUILTINS;

export async function loadBuiltin(name: BuiltinPluginName): Promise<PluginModule> {
  const { default: plugin } = await builtins[name]();
  return { id: name, file: null, plugin, stackOf: plainStack };
}

/**
 * Evaluates a bundle. Not as a module, which Node would keep for ever: nothing outside of what is returned holds the
 * code, so it goes when that goes.
 */
export function loadBundle({ id, file, code, sourceMap }: PluginBundle): LoadModuleResult {
  const bundleName = `tidegate-plugin-${id.slice(0, 12)}.js`;
  const positions = new SourcePositions(sourceMap, bundleName);
  const stackOf = (error: unknown): string => positions.rewrite(plainStack(error));
  const refuse = (message: string, error?: unknown): LoadModuleResult => {
    const position = error instanceof Error ? positions.of(String(error.stack))[0] : undefined;
    return { ok: false, problem: { file, ...position, message } };
  };
  let exported: unknown;
  try {
    exported = evaluate(code, bundleName, file);
  } catch (error) {
    return refuse(`the plugin cannot be loaded: ${errorText(error)}`, error);
  }
  const found = whyNoPlugin(exported);
  if (found !== null) return refuse(found);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as far as can be seen without calling it
  return { ok: true, module: { id, file, plugin: exported as Plugin<unknown>, stackOf } };
}

type Factory = (require: NodeJS.Require, module: { exports: unknown }, exports: unknown) => void;

const HEAD = '(function (require, module, exports) {';

/** → its default export. */
function evaluate(code: string, filename: string, file: string): unknown {
  const script = compileUncached(`${HEAD}${code}\n})`, filename);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the text is a function of these parameters
  const factory = script.runInThisContext() as Factory;
  const nodeRequire = createRequire(file);
  const require = (name: string): unknown =>
    name === 'tidegate/plugins' ? publicEntry : (nodeRequire(name) as unknown);
  const module = { exports: {} };
  factory(Object.assign(require, nodeRequire), module, module.exports);
  return Reflect.get(module.exports, 'default');
}

/** V8 keeps what it compiles for when the same text comes again, and drops it some garbage collections later only; this text never comes again. */
function compileUncached(source: string, filename: string): Script {
  setFlagsFromString('--no-compilation-cache');
  try {
    return new Script(source, { filename, columnOffset: -HEAD.length });
  } finally {
    setFlagsFromString('--compilation-cache');
  }
}

const PLUGIN_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** null: it is one. */
function whyNoPlugin(exported: unknown): string | null {
  const expected = 'expected `export default definePlugin({ name, options, create })`';
  if (typeof exported !== 'object' || exported === null)
    return `${expected}, found ${exported === null ? 'null' : `a ${typeof exported}`}`;
  const name: unknown = Reflect.get(exported, 'name');
  if (typeof name !== 'string' || !PLUGIN_NAME.test(name))
    return `${expected}: the plugin has no \`name\` of lower-case letters, digits and dashes`;
  if (typeof Reflect.get(exported, 'create') !== 'function')
    return `${expected}: the plugin "${name}" has no \`create\` function`;
  const upstreams: unknown = Reflect.get(exported, 'upstreams');
  if (upstreams !== undefined && typeof upstreams !== 'function')
    return `${expected}: \`upstreams\` of the plugin "${name}" is no function`;
  const options: unknown = Reflect.get(exported, 'options');
  const standard: unknown = isObject(options) ? Reflect.get(options, '~standard') : undefined;
  if (!isObject(standard) || typeof Reflect.get(standard, 'validate') !== 'function')
    return `${expected}: the \`options\` of the plugin "${name}" are no validator that implements Standard Schema, such as z.object({ … })`;
  return null;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

export function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`;
}

function plainStack(error: unknown): string {
  return error instanceof Error ? (error.stack ?? errorText(error)) : errorText(error);
}
