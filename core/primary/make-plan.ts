import { fileURLToPath } from 'node:url';

import { compileRules } from '../../rules/compile.ts';
import type { SnapshotPlan } from '../ipc/messages.ts';
import type { Config, RuleBundle } from '../shared/config-types.ts';
import type { PluginBundle } from '../shared/plugin-types.ts';
import { moduleUrl } from '../shared/module-url.ts';
import type { LoadedConfig } from './loaded-config.ts';
import type { Quarantine } from './quarantine.ts';
import { withStickyKeys } from './sticky-keys.ts';

/** The ids of the scripts that a config asks for, whether they serve or not. */
export function wantedIds(loaded: LoadedConfig): ReadonlySet<string> {
  return new Set([...loaded.bundles.values(), ...loaded.shadows.values()].map(({ id }) => id));
}

/** What workers get to serve of a config: its scripts, with others in the place of those in quarantine. */
export async function makePlan(
  version: number,
  loaded: LoadedConfig,
  quarantine: Quarantine,
  denyEverything: () => Promise<RuleBundle> = compileDenyEverything,
): Promise<SnapshotPlan> {
  const rules = new Map<string, RuleBundle>();
  const listenerRules: Record<string, string> = {};
  const wanted = wantedIds(loaded);
  for (const [listener, bundle] of loaded.bundles) {
    const stand = quarantine.standFor(bundle, wanted);
    if (stand.kind === 'none') continue;
    const serving = stand.kind === 'bundle' ? stand.bundle : await denyEverything();
    rules.set(serving.id, serving);
    listenerRules[listener] = serving.id;
  }
  const listenerShadows: Record<string, string> = {};
  for (const [listener, bundle] of loaded.shadows) {
    // Nothing stands in for one that only looks on.
    if (quarantine.has(bundle.id)) continue;
    rules.set(bundle.id, bundle);
    listenerShadows[listener] = bundle.id;
  }
  const config = withStickyKeys(forWorkers(loaded.config));
  return {
    version,
    config,
    rules: [...rules.values()],
    listenerRules,
    listenerShadows,
    plugins: [...loaded.plugins.values()].map(withoutInputs),
  };
}

/** Workers ask for certificates by name, and may have thousands of them; what checks send may be secret, and is none of their business. */
function forWorkers(config: Config): Config {
  const listeners = config.listeners.map((listener) =>
    listener.tls === null ? listener : { ...listener, tls: { ...listener.tls, certificates: [] } },
  );
  const upstreams = config.upstreams.map((upstream) => ({ ...upstream, healthCheck: null }));
  return { ...config, certificates: null, listeners, upstreams };
}

/** The files that a bundle was made of are for the watcher, and there may be thousands. */
function withoutInputs(bundle: PluginBundle): PluginBundle {
  return { ...bundle, inputs: [] };
}

let denyBundle: RuleBundle | null = null;

/** What serves under `onError: 'deny'` when no version of a script is fit to. */
async function compileDenyEverything(): Promise<RuleBundle> {
  if (denyBundle !== null) return denyBundle;
  const script = fileURLToPath(moduleUrl(import.meta.url, 'deny-everything'));
  const result = await compileRules({
    script,
    timeLimitMs: 100,
    memoryLimitBytes: 32 * 1024 * 1024,
    onError: 'deny',
    shadow: null,
  });
  if (!result.ok)
    throw new Error(
      `the built-in rule script does not compile: ${result.problems.map(({ message }) => message).join('; ')}`,
    );
  denyBundle = result.bundle;
  return denyBundle;
}
