import { Argument, type Command } from 'commander';

import { requestCertificateCommand } from '../../admin/client.ts';
import { accountActions, type AccountRow } from '../../admin/certificate-command.ts';
import { configFile } from '../config-file.ts';
import { table } from '../table.ts';
import { certsCommand, type CommonOptions } from './command.ts';
import { changeCertificates, lines } from './report.ts';

interface Options extends CommonOptions {
  readonly ca?: string;
}

export function register(certs: Command): void {
  certsCommand(
    certs,
    'account',
    'show the accounts at the CAs, give one a new key or the contact of the config, or end it',
    ['account', 'account rollover', 'account deactivate --ca https://ca.example/directory'],
  )
    .addArgument(
      new Argument('[action]', 'rollover: a new key; update: the contact; deactivate: for good')
        .choices(accountActions)
        .default('show'),
    )
    .option('--ca <directory>', "the URL of a CA's directory, where the config has several")
    .option('--json', 'print it as JSON')
    .action(async (action: (typeof accountActions)[number], { ca, ...options }: Options) => {
      if (action === 'show') process.exitCode = await show(ca, options);
      else await changeCertificates({ action: 'account', do: action, ca }, options);
    });
}

async function show(ca: string | undefined, options: CommonOptions): Promise<number> {
  const file = await configFile('certs account', options.config);
  if (file === null) return 1;
  const report = await requestCertificateCommand(file, { action: 'account', do: 'show', ca });
  const { ok, problems, accounts } = report;
  if (options.json === true) process.stdout.write(`${JSON.stringify(accounts, null, 2)}\n`);
  else if (ok) process.stdout.write(accountsText(accounts));
  process.stderr.write(lines(problems));
  return ok && accounts.every(({ problem }) => problem === null) ? 0 : 1;
}

function accountsText(accounts: readonly AccountRow[]): string {
  if (accounts.length === 0) return 'the config names no CA\n';
  const rows = accounts.map(({ directory, status, url, contact, problem }) => [
    directory,
    status,
    url ?? '-',
    contact.join(', ') || '-',
    problem ?? '-',
  ]);
  return `${table(['CA', 'STATUS', 'ACCOUNT', 'CONTACT', 'ERROR'], rows)}\n`;
}
