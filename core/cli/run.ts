import type { Command } from 'commander';

import { start } from '../start.ts';
import { configFile, configOption } from './config-file.ts';
import { runUntilStopped } from './run-until-stopped.ts';

export function register(program: Command): void {
  program
    .command('run')
    .description('run the proxy in the foreground')
    .option(...configOption)
    .action(async (options: { config?: string }) => {
      const config = await configFile('run', options.config);
      process.exitCode = config === null ? 1 : await runUntilStopped(() => start({ config }));
    });
}
