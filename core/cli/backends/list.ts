import type { Command } from 'commander';

import { fetchStatus } from '../../admin/client.ts';
import type { UpstreamRow } from '../../admin/status-report.ts';
import { noSuchUpstream } from '../../shared/nearest-name.ts';
import { configFile, configOption } from '../config-file.ts';
import { notes, removedRow } from '../status-text.ts';
import { table, type Cell } from '../table.ts';

export function register(backends: Command): void {
  backends
    .command('list')
    .description('show the backends, of one upstream or of all')
    .argument('[upstream]')
    .option(...configOption)
    .option('--json', 'print them as JSON')
    .action(async (upstream: string | undefined, options: { config?: string; json?: true }) => {
      const file = await configFile('backends', options.config);
      process.exitCode = file === null ? 1 : await list(file, upstream, options.json ?? false);
    });
}

async function list(file: string, wanted: string | undefined, json: boolean): Promise<number> {
  const { upstreams } = await fetchStatus(file);
  const shown = wanted === undefined ? upstreams : upstreams.filter(({ name }) => name === wanted);
  if (wanted !== undefined && shown.length === 0) {
    process.stderr.write(`tidegate backends: ${noSuchUpstream(wanted, upstreams)}\n`);
    return 1;
  }
  process.stdout.write(json ? `${JSON.stringify(shown, null, 2)}\n` : `${listText(shown)}\n`);
  return 0;
}

function listText(upstreams: readonly UpstreamRow[]): string {
  const head = ['UPSTREAM', 'BACKEND', 'WEIGHT', 'STATE', 'HEALTH', 'TAKES REQUESTS', 'IN FLIGHT', 'NOTES'];
  return table(
    head,
    upstreams.flatMap(({ name, backends, removed }) => [
      ...backends.map((row): Cell[] => [
        name,
        row.address,
        row.weight,
        row.state,
        row.health,
        row.isCandidate ? 'yes' : 'no',
        row.inFlight,
        notes(row),
      ]),
      ...removed.map((address) => removedRow(name, address, head.length - 1)),
    ]),
  );
}
