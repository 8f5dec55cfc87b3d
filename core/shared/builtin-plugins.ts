/** The names of the plugins that Tidegate brings along; `plugins/builtin/index.ts` has their modules. */
export const BUILTIN_PLUGINS = [
  'acl',
  'bandwidth-limit',
  'basic-auth',
  'cache',
  'compress',
  'concurrency-limit',
  'cors',
  'error-pages',
  'fault',
  'forward-auth',
  'headers',
  'hello-world',
  'jwt',
  'maintenance',
  'mirror',
  'rate-limit',
  'redirect',
  'redirect-https',
  'request-limits',
  'rewrite',
  'security-headers',
  'signed-url',
  'split',
  'static',
] as const;
/** Those with hooks that are called for connections and sessions, whatever they carry. */
export const CONNECTION_PLUGINS = ['acl', 'rate-limit'] as const satisfies readonly BuiltinPluginName[];

export type BuiltinPluginName = (typeof BUILTIN_PLUGINS)[number];

export function isBuiltinPlugin(name: string): name is BuiltinPluginName {
  return BUILTIN_PLUGINS.some((known) => known === name);
}
