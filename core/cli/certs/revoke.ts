import { Option, type Command } from 'commander';

import { revocationReasons } from '../../admin/certificate-command.ts';
import { certsCommand, type CommonOptions } from './command.ts';
import { changeCertificates } from './report.ts';

interface Options extends CommonOptions {
  readonly reason: (typeof revocationReasons)[number];
}

export function register(certs: Command): void {
  certsCommand(certs, 'revoke <name>', 'have the CA revoke a certificate, for good, and obtain a new one', [
    'revoke example.com --reason keyCompromise',
  ])
    .addOption(new Option('--reason <reason>', 'why').choices(revocationReasons).default('unspecified'))
    .option('--json', 'print the report as JSON')
    .action((name: string, options: Options) =>
      changeCertificates({ action: 'revoke', name, reason: options.reason }, options),
    );
}
