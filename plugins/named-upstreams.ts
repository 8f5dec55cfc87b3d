import type { AttachedPlugin } from '../core/shared/attached-plugins.ts';
import type { Config } from '../core/shared/config-types.ts';
import type { Problem } from '../core/shared/problem.ts';
import { unknownUpstreamText } from '../core/shared/unknown-upstream.ts';
import type { NamedUpstream, Plugin } from './api.ts';
import { optionsPath } from './options-path.ts';

/** What a plugin says of its options. @throws what the plugin throws, and a TypeError for what makes no sense */
export function namedUpstreams(plugin: Plugin<unknown>, options: unknown): readonly NamedUpstream[] {
  const named = plugin.upstreams?.(options) ?? [];
  if (!Array.isArray(named) || !named.every(isNamedUpstream))
    throw new TypeError('`upstreams` is to give a list of { name, path }');
  return named;
}

function isNamedUpstream(value: unknown): value is NamedUpstream {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('path' in value)) return false;
  return typeof value.name === 'string' && Array.isArray(value.path);
}

/** The upstreams that a plugin's options name, and the config does not have. */
export function unknownUpstreams(
  { path }: AttachedPlugin,
  named: readonly NamedUpstream[],
  config: Pick<Config, 'file' | 'upstreams'>,
): Problem[] {
  const names = config.upstreams.map(({ name }) => name);
  return named
    .filter(({ name }) => !names.includes(name))
    .map((each) => ({
      file: config.file,
      path: `${path}.options${optionsPath(each.path)}`,
      message: unknownUpstreamText(each.name, names),
    }));
}
