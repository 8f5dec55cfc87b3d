import type { AttachedPlugin } from '../core/shared/attached-plugins.ts';
import { isBuiltinPlugin } from '../core/shared/builtin-plugins.ts';
import type { Config } from '../core/shared/config-types.ts';
import { pluginKey, type PluginBundle } from '../core/shared/plugin-types.ts';
import { loadBuiltin, loadBundle, type LoadModuleResult, type PluginModule } from './load-module.ts';

/** What a snapshot says of its plugins. */
export interface PluginPlan {
  readonly config: Config;
  readonly plugins: readonly PluginBundle[];
}

/** Evaluates each module once, and none that serves already. */
export class ModuleLoader {
  readonly #plan: PluginPlan;
  readonly #known: readonly PluginModule[];
  readonly #bundles = new Map<string, LoadModuleResult>();

  constructor(plan: PluginPlan, known: readonly PluginModule[]) {
    this.#plan = plan;
    this.#known = known;
  }

  async load({ plugin: { source, use }, path }: AttachedPlugin): Promise<LoadModuleResult> {
    const { config, plugins } = this.#plan;
    const refuse = (message: string) =>
      ({ ok: false, problem: { file: config.file, path, message } }) as const;
    if (source.kind === 'builtin')
      return isBuiltinPlugin(source.name)
        ? { ok: true, module: await loadBuiltin(source.name) }
        : refuse(`there is no built-in plugin ${use}`);
    const bundle = plugins.find(({ key }) => key === pluginKey(source));
    if (bundle === undefined) return refuse(`the plugin ${use} was not compiled`);
    const known = this.#known.find(({ id }) => id === bundle.id);
    if (known !== undefined) return { ok: true, module: known };
    const loaded = this.#bundles.get(bundle.id) ?? loadBundle(bundle);
    this.#bundles.set(bundle.id, loaded);
    return loaded;
  }
}
