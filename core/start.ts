import { resolve } from 'node:path';

import type { NameSources } from './primary/names/name-source.ts';
import { startPrimary } from './primary/primary.ts';
import { StartError, type RunningTidegate, type StartOptions } from './running-tidegate.ts';
import { moduleUrl } from './shared/module-url.ts';
import { packageVersion } from './shared/package-version.ts';

/**
 * Starts Tidegate as `tidegate run` does, without its signal handlers. Resolves when every worker
 * serves; rejects with `StartError`, with nothing left running.
 */
export async function start(options: StartOptions): Promise<RunningTidegate> {
  return startWith(resolve(options.config), moduleUrl(import.meta.url, 'worker/main'));
}

/** As `start`, with `workerModule` as the program of the workers, and with host names of backends looked up in `names`. */
export async function startWith(
  configFile: string,
  workerModule: URL,
  names?: NameSources,
): Promise<RunningTidegate> {
  const result = await startPrimary({
    configFile,
    version: packageVersion(),
    workerModule,
    ...(names === undefined ? {} : { names }),
  });
  if (!result.ok) throw new StartError(result.problems);
  const { primary } = result;
  return {
    addresses: () => primary.addresses(),
    reload: (trigger = 'command') => primary.reload(trigger),
    status: () => primary.status(),
    reopenLogs: () => primary.reopenLogs(),
    stop: () => primary.stop(),
    kill: () => primary.kill(),
  };
}
