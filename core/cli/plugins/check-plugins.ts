import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compilePlugin } from '../../../plugins/compile.ts';
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

/** Bundles a config's plugins, loads them in a process of their own, and has them judge their options. */
export async function checkPlugins(config: Config): Promise<readonly Problem[]> {
  if (attachedPlugins(config).length === 0) return [];
  const results = await Promise.all(modulesOf(config).map((source) => compilePlugin(source, config.file)));
  const problems = results.flatMap((result) => (result.ok ? [] : result.problems));
  if (problems.length > 0) return problems;
  const plugins = results.flatMap((result) => (result.ok ? [result.bundle] : []));
  return runInChild({ config, plugins });
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
