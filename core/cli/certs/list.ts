import type { Command } from 'commander';

import { fetchStatus } from '../../admin/client.ts';
import type { CertificateRow } from '../../admin/certificate-row.ts';
import { certificatesText } from '../certificates-text.ts';
import { configFile } from '../config-file.ts';
import { age } from '../status-text.ts';
import { certsCommand, type CommonOptions } from './command.ts';
import { runningOrStored } from './source.ts';

export function register(certs: Command): void {
  certsCommand(certs, 'list', 'show all of them, with issuer, expiry, next renewal and last error', [
    'list',
    'list --json',
  ])
    .option('--json', 'print them as JSON')
    .action(async (options: CommonOptions) => {
      const file = await configFile('certs list', options.config);
      if (file === null) process.exitCode = 1;
      else process.stdout.write(await list(file, options.json ?? false));
    });
}

async function list(file: string, json: boolean): Promise<string> {
  const rows = await runningOrStored<readonly CertificateRow[]>(
    file,
    async () => (await fetchStatus(file)).certificates,
    (stored) => stored.map(({ file: _file, details: _details, exported: _exported, ...row }) => row),
  );
  if (json) return `${JSON.stringify(rows, null, 2)}\n`;
  return rows.length === 0
    ? 'no certificates\n'
    : `${certificatesText(rows, Date.now(), age, rows.length)}\n`;
}
