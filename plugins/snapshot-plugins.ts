import type { AttachedPlugin } from '../core/shared/attached-plugins.ts';
import { composeChain } from './compose-chain.ts';
import type { PluginChain, PluginChains } from './contract/chain.ts';
import type { LiveInstance } from './instance.ts';
import type { PluginScope } from './scope.ts';

/** The plugins of one snapshot, as the request path is given them. */
export class SnapshotPlugins implements PluginChains {
  readonly instances: readonly LiveInstance[];
  readonly scope: PluginScope;
  readonly listeners: PluginChains['listeners'];
  readonly routes: PluginChains['routes'];
  readonly upstreams: PluginChains['upstreams'];

  /** `instances`: one for each of `attached`. */
  constructor(attached: readonly AttachedPlugin[], instances: readonly LiveInstance[], scope: PluginScope) {
    this.instances = instances;
    this.scope = scope;
    const placed = attached.flatMap(({ place }, index) => {
      const instance = instances[index];
      return instance === undefined ? [] : [{ place, instance }];
    });
    const listeners = new Map<string, LiveInstance[]>();
    const upstreams = new Map<string, LiveInstance[]>();
    const routes = new Map<string, Map<number, LiveInstance[]>>();
    for (const { place, instance } of placed) {
      if (place.kind === 'listener') add(listeners, place.listener, instance);
      else if (place.kind === 'upstream') add(upstreams, place.upstream, instance);
      else {
        const rows = routes.get(place.listener) ?? new Map<number, LiveInstance[]>();
        routes.set(place.listener, rows);
        add(rows, place.index, instance);
      }
    }
    this.listeners = chains(listeners, true);
    this.upstreams = chains(upstreams, false);
    this.routes = withoutNull(routes, (rows) => chains(rows, false));
  }
}

function add<Key>(lists: Map<Key, LiveInstance[]>, key: Key, instance: LiveInstance): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [instance]);
  else list.push(instance);
}

function chains<Key>(
  lists: ReadonlyMap<Key, readonly LiveInstance[]>,
  connections: boolean,
): ReadonlyMap<Key, PluginChain> | null {
  return withoutNull(lists, (instances) => composeChain(instances, { connections }));
}

/** null: nothing is left. */
function withoutNull<Key, From, To>(
  from: ReadonlyMap<Key, From>,
  change: (value: From) => To | null,
): ReadonlyMap<Key, To> | null {
  const to = new Map<Key, To>();
  for (const [key, value] of from) {
    const changed = change(value);
    if (changed !== null) to.set(key, changed);
  }
  return to.size === 0 ? null : to;
}
