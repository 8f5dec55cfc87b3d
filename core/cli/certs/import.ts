import { resolve } from 'node:path';
import type { Command } from 'commander';

import { readCertificatePair } from '../../../certs/certificate-pair.ts';
import { certsCommand, type CommonOptions } from './command.ts';
import { changeCertificates } from './report.ts';

interface Options extends CommonOptions {
  readonly cert: string;
  readonly key: string;
}

export function register(certs: Command): void {
  certsCommand(certs, 'import', 'keep a certificate from elsewhere in the storage, and serve it', [
    'import --cert shop.crt --key shop.key',
  ])
    .requiredOption('--cert <file>', 'PEM: the certificate, then its chain')
    .requiredOption('--key <file>', 'PEM: its private key, without passphrase')
    .option('--json', 'print the report as JSON')
    .action(async ({ cert, key, ...options }: Options) => {
      const read = await readCertificatePair({ cert: resolve(cert), key: resolve(key) });
      if (!read.ok) throw new Error(read.problem);
      await changeCertificates({ action: 'import', cert: read.pair.cert, key: read.pair.key }, options);
    });
}
