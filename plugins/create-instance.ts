import type { AttachedPlugin } from '../core/shared/attached-plugins.ts';
import { placeText } from '../core/shared/attached-plugins.ts';
import { didYouMean } from '../core/shared/nearest-name.ts';
import type { Problem } from '../core/shared/problem.ts';
import type { NamedUpstream } from './api.ts';
import { HOOK_NAMES } from './contract/chain.ts';
import type { PluginContext } from './contract/context.ts';
import type { PluginHooks } from './contract/hooks.ts';
import { errorText, type PluginModule } from './load-module.ts';
import { namedUpstreams } from './named-upstreams.ts';
import { optionsPath } from './options-path.ts';

type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Options that the plugin finds right. */
export interface ValidOptions {
  readonly value: unknown;
  readonly upstreams: readonly NamedUpstream[];
}

/** Has the plugin judge its options, and say which upstreams they name. `configFile`: where they are written. */
export async function validateOptions(
  { plugin: { options }, path }: AttachedPlugin,
  { plugin }: PluginModule,
  configFile: string,
): Promise<Outcome<ValidOptions>> {
  try {
    const result = await plugin.options['~standard'].validate(options);
    if (result.issues === undefined) {
      const { value } = result;
      return { ok: true, value: { value, upstreams: namedUpstreams(plugin, value) } };
    }
    const problems = result.issues.map((issue) => ({
      file: configFile,
      path: `${path}.options${optionsPath(issue.path ?? [])}`,
      message: issue.message,
    }));
    return { ok: false, problems };
  } catch (error) {
    const message = `the options of plugin ${plugin.name} cannot be validated: ${errorText(error)}`;
    return { ok: false, problems: [{ file: configFile, path: `${path}.options`, message }] };
  }
}

/**
 * Has the plugin make its hooks, within its time. What comes later is closed at once, by `onLate`.
 */
export async function createHooks(
  { plugin: { use, createTimeoutMs }, place, path }: AttachedPlugin,
  { plugin, file, stackOf }: PluginModule,
  options: unknown,
  context: PluginContext,
  { configFile, onLate }: { readonly configFile: string; readonly onLate: (hooks: PluginHooks) => void },
): Promise<Outcome<PluginHooks>> {
  const refuse = (why: string, stack = ''): Outcome<PluginHooks> => {
    const message = `plugin ${use} at ${placeText(place)} ${why}`;
    const problem =
      file === null ? { file: configFile, path, message } : { file, ...placeIn(stack, file), message };
    return { ok: false, problems: [problem] };
  };
  const pending = Promise.try(() => plugin.create(options, context));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((done) => {
    timer = setTimeout(done, createTimeoutMs, 'late');
  });
  let hooks: unknown;
  try {
    hooks = await Promise.race([pending, late]);
  } catch (error) {
    return refuse(`could not be created: ${errorText(error)}`, stackOf(error));
  } finally {
    clearTimeout(timer);
  }
  if (hooks === 'late') {
    pending.then(onLate, () => undefined);
    return refuse(`was not created within ${createTimeoutMs} ms`);
  }
  const wrong = whyNoHooks(hooks);
  if (wrong !== null) return refuse(wrong);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as far as can be seen without calling them
  return { ok: true, value: hooks as PluginHooks };
}

/** The innermost frame of a stack in the plugin's own file, else in any. */
function placeIn(stack: string, file: string): { readonly line?: number; readonly column?: number } {
  for (const line of stack.split('\n')) {
    const at = line.indexOf(`${file}:`);
    if (at === -1) continue;
    const [row, column] = line
      .slice(at + file.length + 1)
      .split(/[:)]/, 2)
      .map(Number);
    if (row !== undefined && column !== undefined && row > 0 && column > 0) return { line: row, column };
  }
  return {};
}

const FUNCTIONS: readonly string[] = [...HOOK_NAMES, 'status', 'close'];

/** null: these are hooks. A name that is none of theirs is most likely misspelt, and would never be called. */
function whyNoHooks(hooks: unknown): string | null {
  if (typeof hooks !== 'object' || hooks === null)
    return `gave no hooks: expected \`create\` to return an object, found ${hooks === null ? 'null' : typeof hooks}`;
  for (const name of FUNCTIONS) {
    const hook: unknown = Reflect.get(hooks, name);
    if (hook !== undefined && typeof hook !== 'function')
      return `gave a wrong hook: expected \`${name}\` to be a function, found ${typeof hook}`;
  }
  const provide: unknown = Reflect.get(hooks, 'provide');
  if (provide !== undefined && (typeof provide !== 'object' || provide === null))
    return 'gave a wrong hook: expected `provide` to be an object of services';
  for (const [name, value] of Object.entries(hooks)) {
    if (FUNCTIONS.includes(name) || name === 'provide' || typeof value !== 'function') continue;
    const meant = didYouMean(name, FUNCTIONS);
    if (meant !== '') return `gave an unknown hook \`${name}\`${meant}`;
  }
  return null;
}
