import { compilePlugin } from '../../plugins/compile.ts';
import { compileRules } from '../../rules/compile.ts';
import type { CertificateSet } from '../../certs/certificate-set.ts';
import { loadCertificateSets } from '../../certs/load-sets.ts';
import { loadConfig } from '../config/load.ts';
import { modulesOf } from '../shared/attached-plugins.ts';
import type { Config, RuleBundle } from '../shared/config-types.ts';
import { scriptsOf } from '../shared/listener-kinds.ts';
import type { RuleScriptConfig } from '../shared/listener-types.ts';
import type { PluginBundle } from '../shared/plugin-types.ts';
import { formatProblem } from '../shared/problem.ts';

/** A config that is valid, with the rule scripts that it names compiled and the certificates read. */
export interface LoadedConfig {
  readonly config: Config;
  /** By listener name. */
  readonly bundles: ReadonlyMap<string, RuleBundle>;
  /** Those that are tried beside them, by listener name. */
  readonly shadows: ReadonlyMap<string, RuleBundle>;
  /** By `TlsConfig.certificateSet`. */
  readonly certificates: ReadonlyMap<string, CertificateSet>;
  /** By `pluginKey`. */
  readonly plugins: ReadonlyMap<string, PluginBundle>;
}

export type LoadResult = (
  | { readonly ok: true; readonly loaded: LoadedConfig }
  | { readonly ok: false; readonly problems: readonly string[] }
) & {
  /** Absolute paths of every file that a change of could change the result. */
  readonly inputs: readonly string[];
};

/**
 * Reads the config, then compiles every rule script and plugin and reads every certificate, and reports the problems of all of
 * them. `before`: the config that was loaded last.
 */
export async function loadAll(file: string, before: LoadedConfig | null = null): Promise<LoadResult> {
  const result = await loadConfig(file);
  if (!result.ok)
    return {
      ok: false,
      problems: result.problems.map((problem) => formatProblem(problem)),
      inputs: [file, ...result.inputs],
    };

  const { config } = result;
  const inputs = new Set([file, ...result.inputs]);
  const certificates = await loadCertificateSets(config, before?.certificates);
  const problems = certificates.problems.map((problem) => formatProblem({ file, ...problem }));
  // Those that are fine are watched by themselves: a change of them needs no new snapshot.
  for (const { tls } of config.listeners)
    if (tls !== null && !certificates.sets.has(tls.certificateSet))
      for (const { cert, key } of tls.certificates) inputs.add(cert).add(key);
  const bundles = new Map<string, RuleBundle>();
  const shadows = new Map<string, RuleBundle>();
  const compiled = new Map<string, Promise<Awaited<ReturnType<typeof compileRules>>>>();
  await Promise.all(
    namedScripts(config).map(async ({ listener, rules }) => {
      inputs.add(rules.script);
      const key = settingsKey(rules);
      const known = compiled.get(key);
      const pending = known ?? compileRules(rules);
      compiled.set(key, pending);
      const outcome = await pending;
      if (outcome.ok) {
        (rules.shadow === null ? bundles : shadows).set(listener, outcome.bundle);
        for (const input of outcome.bundle.inputs) inputs.add(input);
        return;
      }
      for (const input of outcome.inputs) inputs.add(input);
      if (known === undefined) problems.push(...outcome.problems.map((problem) => formatProblem(problem)));
    }),
  );
  const plugins = await compilePlugins(config);
  problems.push(...plugins.problems);
  for (const input of plugins.inputs) inputs.add(input);
  if (problems.length > 0) return { ok: false, problems: [...new Set(problems)], inputs: [...inputs] };
  return {
    ok: true,
    loaded: { config, bundles, shadows, certificates: certificates.sets, plugins: plugins.bundles },
    inputs: [...inputs],
  };
}

/** Every module once, wherever it is attached. */
async function compilePlugins(config: Config): Promise<{
  readonly bundles: ReadonlyMap<string, PluginBundle>;
  readonly problems: readonly string[];
  readonly inputs: readonly string[];
}> {
  const bundles = new Map<string, PluginBundle>();
  const problems: string[] = [];
  const inputs: string[] = [];
  await Promise.all(
    modulesOf(config).map(async (source) => {
      const result = await compilePlugin(source, config.file);
      inputs.push(...(result.ok ? result.bundle.inputs : result.inputs));
      if (result.ok) bundles.set(result.bundle.key, result.bundle);
      else problems.push(...result.problems.map((problem) => formatProblem(problem)));
    }),
  );
  return { bundles, problems, inputs };
}

/** Every script that a listener names: the one that serves, and the one that is tried. */
function namedScripts({
  listeners,
}: Config): { readonly listener: string; readonly rules: RuleScriptConfig }[] {
  return listeners.flatMap((listener) =>
    scriptsOf(listener).map((rules) => ({ listener: listener.name, rules })),
  );
}

/** Two listeners with the same script and settings share one bundle. */
function settingsKey(rules: RuleScriptConfig): string {
  return JSON.stringify([
    rules.script,
    rules.timeLimitMs,
    rules.memoryLimitBytes,
    rules.onError,
    rules.shadow,
  ]);
}
