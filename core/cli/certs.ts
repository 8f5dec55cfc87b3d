import type { Command } from 'commander';

import { register as registerAccount } from './certs/account.ts';
import { register as registerExport } from './certs/export.ts';
import { register as registerImport } from './certs/import.ts';
import { register as registerList } from './certs/list.ts';
import { register as registerRenew } from './certs/renew.ts';
import { register as registerRevoke } from './certs/revoke.ts';
import { register as registerShow } from './certs/show.ts';
import { register as registerTrust } from './certs/trust.ts';

export function register(program: Command): void {
  const certs = program
    .command('certs')
    .description('show the certificates that Tidegate obtains or makes, renew and revoke them, import others')
    .addHelpText(
      'after',
      `
Examples:
  tidegate certs list
  tidegate certs renew example.com
  tidegate certs import --cert shop.crt --key shop.key`,
    );
  registerList(certs);
  registerShow(certs);
  registerRenew(certs);
  registerImport(certs);
  registerExport(certs);
  registerRevoke(certs);
  registerAccount(certs);
  registerTrust(certs);
}
