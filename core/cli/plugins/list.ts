import type { Command } from 'commander';

import { fetchPlugins } from '../../admin/client.ts';
import type { PluginRow } from '../../admin/plugins-report.ts';
import { configFile, configOption } from '../config-file.ts';
import { printable } from '../printable.ts';
import { table, type Cell } from '../table.ts';

export function register(plugins: Command): void {
  plugins
    .command('list')
    .description(
      'show the plugin instances: where they are attached, what befell them, what they say of themselves',
    )
    .option(...configOption)
    .option('--json', 'print them as JSON')
    .action(async (options: { config?: string; json?: true }) => {
      const file = await configFile('plugins', options.config);
      if (file === null) {
        process.exitCode = 1;
        return;
      }
      const report = await fetchPlugins(file);
      process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : listText(report.plugins));
    });
}

function listText(plugins: readonly PluginRow[]): string {
  if (plugins.length === 0) return 'No plugins are attached.\n';
  const rows = plugins.map(({ name, use, version, attachedTo, workers }): Cell[] => [
    name,
    use,
    version ?? 'built in',
    attachedTo,
    workers.length,
    sum(workers.map(({ calls }) => calls)),
    sum(workers.map(({ faults }) => faults)),
    workers.some(({ isResting }) => isResting) ? 'broken off' : '',
  ]);
  const head = ['PLUGIN', 'USES', 'VERSION', 'ATTACHED TO', 'WORKERS', 'CALLS', 'FAULTS', 'NOTES'];
  const details = plugins.flatMap(({ name, attachedTo, workers }) =>
    workers.flatMap(({ pid, status, lastFault }) => {
      const said = Object.entries(status ?? {}).map(([key, value]) => `${key} ${value}`);
      const last = lastFault === null ? [] : [`last fault: ${lastFault}`];
      return said.length + last.length === 0
        ? []
        : [printable(`${name} at ${attachedTo}, worker ${pid}: ${[...said, ...last].join(', ')}`)];
    }),
  );
  return `${[table(head, rows), ...(details.length === 0 ? [] : ['', ...details])].join('\n')}\n`;
}

function sum(counts: readonly Readonly<Record<string, number>>[]): number {
  return counts.flatMap((each) => Object.values(each)).reduce((total, one) => total + one, 0);
}
