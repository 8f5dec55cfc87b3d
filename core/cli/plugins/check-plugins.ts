import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compilePlugin } from '../../../plugins/compile.ts';
import { typeCheckPlugins } from '../../../plugins/type-check.ts';
import { attachedPlugins, modulesOf } from '../../shared/attached-plugins.ts';
import type { Config } from '../../shared/config-types.ts';
import { moduleUrl } from '../../shared/module-url.ts';
import type { PluginBundle } from '../../shared/plugin-types.ts';
import type { Problem } from '../../shared/problem.ts';

const timeoutMs = 20_000;

export interface CheckPluginsJob {
  readonly config: Config;
  readonly plugins: readonly PluginBundle[];
}

export interface CheckedPlugins {
  readonly problems: readonly Problem[];
  /** False where no `typescript` package, or no types of Node, were found. */
  readonly typesChecked: boolean;
}

/** Type-checks and bundles a config's plugins, loads them in a process of their own, and has them judge their options. */
export async function checkPlugins(config: Config): Promise<CheckedPlugins> {
  if (attachedPlugins(config).length === 0) return { problems: [], typesChecked: true };
  const sources = modulesOf(config);
  const files = sources.flatMap((source) => (source.kind === 'file' ? [source.file] : []));
  const types = await typeCheckPlugins(files);
  const results = await Promise.all(sources.map((source) => compilePlugin(source, config.file)));
  const failures = results.flatMap((result) => (result.ok ? [] : result.problems));
  // What does not parse, or imports what is not there, the type checker has found at the same place.
  const problems = [
    ...types.problems,
    ...failures.filter(
      ({ file, line }) => !types.problems.some((known) => known.file === file && known.line === line),
    ),
  ];
  if (failures.length > 0) return { problems, typesChecked: types.available };
  const plugins = results.flatMap((result) => (result.ok ? [result.bundle] : []));
  return {
    problems: [...problems, ...(await runInChild({ config, plugins }))],
    typesChecked: types.available,
  };
}

async function runInChild(job: CheckPluginsJob): Promise<readonly Problem[]> {
  const child = fork(fileURLToPath(moduleUrl(import.meta.url, 'check-child')), [], {
    execArgv: [],
    // What a plugin prints must not mix with what the command prints.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const died = (how: string): readonly Problem[] => [
    { file: job.config.file, message: `the process that loaded the plugins died (${how})` },
  ];
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  try {
    return await new Promise<readonly Problem[]>((resolve) => {
      // The child is our own module.
      child.once('message', (problems: readonly Problem[]) => resolve(problems));
      child.once('error', (error) => resolve(died(error.message)));
      child.once('close', (code, signal) => resolve(died(signal ?? `exit status ${code}`)));
      child.send(job, () => undefined);
    });
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}
