import type { Command } from 'commander';

import { fetchStatus } from '../admin/client.ts';
import { configFile, configOption } from './config-file.ts';
import { statusText } from './status-text.ts';

export function register(program: Command): void {
  program
    .command('status')
    .description('show what the running proxy does')
    .option(...configOption)
    .option('--json', 'print it as JSON')
    .action(async (options: { config?: string; json?: true }) => {
      const file = await configFile('status', options.config);
      if (file === null) {
        process.exitCode = 1;
        return;
      }
      const report = await fetchStatus(file);
      process.stdout.write(
        options.json ? `${JSON.stringify(report, null, 2)}\n` : statusText(report, Date.now()),
      );
    });
}
