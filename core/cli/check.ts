import type { Command } from 'commander';
import { idleWeights } from '../config/idle-weights.ts';
import { loadCertificateSets, type CertificateFinding } from '../../certs/load-sets.ts';
import { loadConfig } from '../config/load.ts';
import { attachedPlugins } from '../shared/attached-plugins.ts';
import type { Config } from '../shared/config-types.ts';
import { scriptsOf } from '../shared/listener-kinds.ts';
import type { RuleScriptConfig } from '../shared/listener-types.ts';
import { checkScripts } from './check-scripts.ts';
import { configFile, configOption } from './config-file.ts';
import { checkPlugins } from './plugins/check-plugins.ts';
import { problemLine, shownPath, type Problem } from './problems.ts';
import { uncalledHandlers } from './uncalled-handlers.ts';

export function register(program: Command): void {
  program
    .command('check')
    .description('validate the config, compile, type-check and load the rule scripts and plugins')
    .option(...configOption)
    .option('--json', 'print the result as JSON')
    .action(async (options: { config?: string; json?: true }) => {
      const file = await configFile('check', options.config);
      process.exitCode = file === null ? 1 : print(await check(file), options.json ?? false);
    });
}

interface CheckResult {
  readonly file: string;
  readonly problems: readonly Problem[];
  /** What works, but hardly as it was meant to. */
  readonly warnings: readonly Problem[];
  /** Null where it is wrong. */
  readonly config: Config | null;
  readonly scripts: number;
  /** False where no `typescript` package was found; scripts and plugins are then compiled and loaded only. */
  readonly typesChecked: boolean;
}

async function check(file: string): Promise<CheckResult> {
  const loaded = await loadConfig(file);
  const config = loaded.ok ? loaded.config : null;
  // A wrong config hides no problem of the scripts that it names.
  const settings = loaded.ok
    ? loaded.config.listeners.flatMap(scriptsOf)
    : (loaded.scripts ?? []).map(withUsualLimits);
  const rules = await checkScripts(settings, config?.lists ?? null);
  const plugins = config === null ? null : await checkPlugins(config);
  const certificates = config === null ? null : await loadCertificateSets(config);
  const located = (finding: CertificateFinding): Problem => ({ file, ...finding });
  const problems = [
    ...(loaded.ok ? [] : loaded.problems),
    ...(certificates?.problems.map(located) ?? []),
    ...rules.problems,
    ...(plugins?.problems ?? []),
  ];
  return {
    file,
    problems,
    warnings: [
      ...(certificates?.warnings ?? []),
      ...(config === null ? [] : idleWeights(config)),
      ...uncalledHandlers(config?.listeners ?? [], rules.handles),
    ].map(located),
    config,
    scripts: new Set(settings.map(({ script }) => script)).size,
    typesChecked: rules.typesChecked && (plugins?.typesChecked ?? true),
  };
}

function withUsualLimits(script: string): RuleScriptConfig {
  return { script, timeLimitMs: 10, memoryLimitBytes: 32 * 2 ** 20, onError: 'deny', shadow: null };
}

/** @returns the exit status */
function print(result: CheckResult, json: boolean): number {
  const { file, problems, warnings, config, scripts, typesChecked } = result;
  const ok = problems.length === 0;
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok, file, typesChecked, problems, warnings }, null, 2)}\n`);
    return ok ? 0 : 1;
  }
  for (const warning of warnings) process.stderr.write(`warning: ${problemLine(warning)}\n`);
  for (const problem of problems) process.stderr.write(`${problemLine(problem)}\n`);
  if (!typesChecked) {
    process.stderr.write(
      'Types were not checked: typescript, or @types/node for plugins, is not installed (npm install --save-dev typescript @types/node).\n',
    );
  }
  if (!ok) {
    process.stderr.write(`${counted(problems.length, 'problem')} found\n`);
    return 1;
  }
  const listeners = config?.listeners.length ?? 0;
  const upstreams = config?.upstreams.length ?? 0;
  const plugins = config === null ? 0 : attachedPlugins(config).length;
  const parts = [
    counted(listeners, 'listener'),
    counted(upstreams, 'upstream'),
    counted(scripts, 'rule script'),
    ...(plugins === 0 ? [] : [counted(plugins, 'plugin')]),
  ];
  process.stdout.write(`${shownPath(file)} is fine: ${parts.join(', ')}\n`);
  return 0;
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
