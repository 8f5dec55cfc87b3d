import { isDeepStrictEqual } from 'node:util';
import type { PluginConfig } from '../shared/plugin-types.ts';
import { difference, settingsChanged } from './diff-texts.ts';

/** What is different in a list of plugins, a text for each thing. Of options only that they differ: they may hold secrets. */
export function pluginChanges(before: readonly PluginConfig[], after: readonly PluginConfig[]): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [old, now] = [numbered(before), numbered(after)];
  const { added, removed } = difference([...old.keys()], [...now.keys()]);
  const changed = [...now].flatMap(([name, plugin]) => {
    const earlier = old.get(name);
    if (earlier === undefined || isDeepStrictEqual(earlier, plugin)) return [];
    const options = isDeepStrictEqual(earlier.options, plugin.options) ? [] : ['options changed'];
    const what = [...options, ...settingsChanged('', settings(earlier), settings(plugin))];
    return [`plugin ${name} ${what.join(', ')}`];
  });
  const texts = [
    ...removed.map((name) => `plugin ${name} removed`),
    ...added.map((name) => `plugin ${name} added`),
    ...changed,
  ];
  return texts.length === 0 ? ['plugins in another order'] : texts;
}

/** By name; a second one of the same name is `name #2`. */
function numbered(plugins: readonly PluginConfig[]): Map<string, PluginConfig> {
  const named = new Map<string, PluginConfig>();
  for (const plugin of plugins) {
    let name = plugin.use;
    for (let number = 2; named.has(name); number++) name = `${plugin.use} #${number}`;
    named.set(name, plugin);
  }
  return named;
}

function settings({ onError, createTimeoutMs, breaker }: PluginConfig): object {
  return {
    onError: onError.kind === 'skip' ? 'skip' : onError.status,
    createTimeoutMs,
    breaker: breaker ?? { faults: null, windowMs: null, restMs: null },
  };
}
