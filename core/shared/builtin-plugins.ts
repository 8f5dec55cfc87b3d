/** The names of the plugins that Tidegate brings along; `plugins/builtin/index.ts` has their modules. */
export const BUILTIN_PLUGINS = [
  'acl',
  'bandwidth-limit',
  'concurrency-limit',
  'hello-world',
  'rate-limit',
] as const;
export type BuiltinPluginName = (typeof BUILTIN_PLUGINS)[number];

export function isBuiltinPlugin(name: string): name is BuiltinPluginName {
  return BUILTIN_PLUGINS.some((known) => known === name);
}
