import { attachedPlugins } from '../core/shared/attached-plugins.ts';
import type { Problem } from '../core/shared/problem.ts';
import { validateOptions } from './create-instance.ts';
import { unknownUpstreams } from './named-upstreams.ts';
import { ModuleLoader, type PluginPlan } from './module-loader.ts';

/** Loads the plugins of a config and has them judge their options. Makes no instance: nothing is opened, started or written. */
export async function validatePlugins(plan: PluginPlan): Promise<readonly Problem[]> {
  const loading = new ModuleLoader(plan, []);
  const problems = await Promise.all(
    attachedPlugins(plan.config).map(async (attached): Promise<readonly Problem[]> => {
      const loaded = await loading.load(attached);
      if (!loaded.ok) return [loaded.problem];
      const options = await validateOptions(attached, loaded.module, plan.config.file);
      return options.ok ? unknownUpstreams(attached, options.value.upstreams, plan.config) : options.problems;
    }),
  );
  const distinct = new Map(problems.flat().map((problem) => [JSON.stringify(problem), problem]));
  return [...distinct.values()];
}
