import type { Command } from 'commander';

import { certsCommand, type CommonOptions } from './command.ts';
import { changeCertificates } from './report.ts';

export function register(certs: Command): void {
  certsCommand(certs, 'renew <name>', 'order a certificate anew now, and wait for it', [
    'renew example.com',
    'renew example.com --force   # although it was obtained a moment ago',
  ])
    .option('--force', 'also when it was obtained within the last hour')
    .option('--json', 'print the report as JSON')
    .action((name: string, options: CommonOptions & { readonly force?: true }) =>
      changeCertificates({ action: 'renew', name, force: options.force ?? false }, options),
    );
}
