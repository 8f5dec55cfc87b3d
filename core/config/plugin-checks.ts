import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BUILTIN_PLUGINS } from '../shared/builtin-plugins.ts';
import { didYouMean } from '../shared/nearest-name.ts';
import type { Draft, PluginDraft } from './draft.ts';
import { showValue, type Finding } from './finding.ts';
import { pluginSource } from './plugin-schema.ts';
import { whyNoRegularFile } from './regular-file.ts';

export interface PluginFindings {
  readonly findings: readonly Finding[];
  /** Absolute paths of modules that are not there: once they are, the config is worth another try. */
  readonly missing: readonly string[];
}

/** Plugins that are neither built in, nor in a file, nor an installed package. */
export async function pluginFindings(draft: Draft, configFile: string): Promise<PluginFindings> {
  const findings: Finding[] = [];
  const missing: string[] = [];
  for (const { path, plugin } of named(draft)) {
    const source = pluginSource(plugin.use, dirname(configFile));
    if (source.kind === 'builtin') continue;
    if (source.kind === 'file') {
      const found = await whyNoRegularFile(source.file);
      if (found === undefined) continue;
      missing.push(source.file);
      findings.push({ path, message: `expected a plugin module, found ${found}: ${source.file}` });
    } else if (!isInstalled(source.name, configFile)) {
      const expected = 'expected a built-in plugin, a path that begins with "./", or an installed package';
      const message = `${expected}, found ${showValue(plugin.use)}${didYouMean(plugin.use, BUILTIN_PLUGINS)}`;
      findings.push({ path, message });
    }
  }
  return { findings, missing };
}

function named({ listeners, upstreams }: Draft) {
  return [
    ...listeners.flatMap(({ plugins, routes }, index) => [
      ...below(['listeners', index], plugins),
      ...routes.flatMap((route, row) => below(['listeners', index, 'routes', row], route.plugins)),
    ]),
    ...[...(upstreams ?? [])].flatMap(([name, { plugins }]) => below(['upstreams', name], plugins)),
  ];
}

function below(base: readonly PropertyKey[], plugins: readonly PluginDraft[]) {
  return plugins.flatMap((plugin, index) =>
    plugin === undefined
      ? []
      : [{ plugin, path: [...base, 'plugins', index, ...(plugin.inObject ? ['use'] : [])] }],
  );
}

/** Whether there is a package of this name, or of the one that it is a part of, in any folder where Node would look for it. */
function isInstalled(specifier: string, configFile: string): boolean {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  const folders = createRequire(configFile).resolve.paths(name) ?? [];
  return folders.some((folder) => existsSync(join(folder, name)));
}
