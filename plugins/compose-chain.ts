import type { HookName, PluginChain, PluginInstance } from './contract/chain.ts';

/**
 * What the path needs to know of the plugins of one place. null: none of them takes part in anything. `connections`: whether the
 * place has any; a route and an upstream have exchanges only.
 */
export function composeChain(
  instances: readonly PluginInstance[],
  { connections }: { readonly connections: boolean },
): PluginChain | null {
  const having = (hook: HookName): readonly PluginInstance[] | null => {
    const found = instances.filter(({ hooks }) => hooks[hook] !== undefined);
    return found.length === 0 ? null : found;
  };
  const hooks: Omit<PluginChain, 'all'> = {
    connect: connections ? having('connect') : null,
    tls: connections ? having('tls') : null,
    request: having('request'),
    requestBody: having('requestBody'),
    upstream: having('upstream'),
    response: having('response')?.toReversed() ?? null,
    responseBody: having('responseBody')?.toReversed() ?? null,
    log: having('log'),
  };
  return Object.values(hooks).every((each) => each === null) ? null : { all: instances, ...hooks };
}
