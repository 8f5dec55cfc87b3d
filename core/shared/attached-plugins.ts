import type { Config } from './config-types.ts';
import { isHttp } from './listener-kinds.ts';
import { pluginKey, type PluginConfig, type PluginModuleSource } from './plugin-types.ts';

/** Where a plugin is attached. */
export type PluginPlace =
  | { readonly kind: 'listener'; readonly listener: string }
  | { readonly kind: 'route'; readonly listener: string; readonly index: number }
  | { readonly kind: 'upstream'; readonly upstream: string };

export interface AttachedPlugin {
  readonly place: PluginPlace;
  /** Where it stands in the config: `listeners[0].plugins[1]`. */
  readonly path: string;
  readonly plugin: PluginConfig;
}

/** All plugins of a config, in its order. */
export function attachedPlugins({
  listeners,
  upstreams,
}: Pick<Config, 'listeners' | 'upstreams'>): AttachedPlugin[] {
  return [
    ...listeners.flatMap((listener, at) => [
      ...attached({ kind: 'listener', listener: listener.name }, `listeners[${at}]`, listener.plugins),
      ...(isHttp(listener) ? listener.routes : []).flatMap((route, index) =>
        attached(
          { kind: 'route', listener: listener.name, index },
          `listeners[${at}].routes[${index}]`,
          route.plugins,
        ),
      ),
    ]),
    ...upstreams.flatMap(({ name, plugins }) =>
      attached({ kind: 'upstream', upstream: name }, `upstreams.${name}`, plugins),
    ),
  ];
}

function attached(place: PluginPlace, path: string, plugins: readonly PluginConfig[]): AttachedPlugin[] {
  return plugins.map((plugin, index) => ({ place, path: `${path}.plugins[${index}]`, plugin }));
}

/** The modules that a config's plugins are to be found in, each once. */
export function modulesOf(config: Pick<Config, 'listeners' | 'upstreams'>): PluginModuleSource[] {
  const modules = new Map<string, PluginModuleSource>();
  for (const { plugin } of attachedPlugins(config))
    if (plugin.source.kind !== 'builtin') modules.set(pluginKey(plugin.source), plugin.source);
  return [...modules.values()];
}

/** `listener web`, `route web 2`, `upstream api`. */
export function placeText(place: PluginPlace): string {
  switch (place.kind) {
    case 'listener':
      return `listener ${place.listener}`;
    case 'route':
      return `route ${place.listener} ${place.index}`;
    case 'upstream':
      return `upstream ${place.upstream}`;
  }
}
