import type { Command } from 'commander';

import { requestReload } from '../admin/client.ts';
import { configFile, configOption } from './config-file.ts';

export function register(program: Command): void {
  program
    .command('reload')
    .description('make the running proxy load its config again')
    .option(...configOption)
    .option('--json', 'print the report as JSON')
    .action(async (options: { config?: string; json?: true }) => {
      const file = await configFile('reload', options.config);
      process.exitCode = file === null ? 1 : await reload(file, options.json ?? false);
    });
}

async function reload(file: string, json: boolean): Promise<number> {
  const report = await requestReload(file);
  if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (report.ok) {
    const changes = report.changes.length === 0 ? ['nothing changed'] : report.changes;
    process.stdout.write(
      `reloaded: version ${report.version} in ${report.durationMs} ms\n${changes.map((change) => `  ${change}\n`).join('')}`,
    );
  }
  const notes = [...report.problems, ...report.warnings.map((warning) => `warning: ${warning}`)];
  process.stderr.write(notes.map((note) => `${note}\n`).join(''));
  if (!report.ok && !json) process.stderr.write('the reload was refused; what was served goes on\n');
  return report.ok ? 0 : 1;
}
