import { dirname } from 'node:path';
import type { Command } from 'commander';

import { fetchCertificates } from '../../admin/client.ts';
import type { CertificateDetails } from '../../admin/certificate-details.ts';
import { configFile } from '../config-file.ts';
import { certsCommand, type CommonOptions } from './command.ts';
import { detailsText } from './details-text.ts';
import { runningOrStored, storedFor } from './source.ts';

export function register(certs: Command): void {
  certsCommand(certs, 'show <name>', 'show everything about the certificates for a name', [
    'show example.com',
    "show '*.example.com' --json",
  ])
    .option('--json', 'print it as JSON')
    .action(async (name: string, options: CommonOptions) => {
      const file = await configFile('certs show', options.config);
      if (file === null) {
        process.exitCode = 1;
        return;
      }
      const shown = await runningOrStored<CertificateDetails>(
        file,
        () => fetchCertificates(file, name),
        (stored, { storage }) => ({
          storage,
          certificates: storedFor(stored, name).map(({ exported: _exported, ...row }) => row),
        }),
      );
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(shown, null, 2)}\n`
          : detailsText(shown, Date.now(), dirname(file)),
      );
    });
}
