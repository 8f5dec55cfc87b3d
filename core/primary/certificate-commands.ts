import { changeAccount, revokeCertificates, showAccounts } from '../../certs/ca-commands.ts';
import { CommandError } from '../../certs/command-error.ts';
import type { CommandTarget } from '../../certs/command-target.ts';
import { exportCertificates, renewCertificates, showCertificates } from '../../certs/commands.ts';
import { importCertificate } from '../../certs/import-command.ts';
import { IssuerError } from '../../certs/issuer.ts';
import { StorageError } from '../../certs/storage.ts';
import type { CertificateCommand, CertificateReport } from '../admin/certificate-command.ts';
import type { CertificateDetails } from '../admin/certificate-details.ts';
import type { Logger } from '../shared/log.ts';

/** Less than who asks waits for an answer. */
const WAIT_MS = 50_000;
const NONE = 'the config has no `certificates`';

const PARTS = { now: Date.now, waitMs: WAIT_MS };

/** Does what a command asks for, and says what became of it. `target` null: the config has no certificates. */
export async function runCertificateCommand(
  target: CommandTarget | null,
  command: CertificateCommand,
  log: Logger,
): Promise<CertificateReport> {
  const report = { problems: [], warnings: [], changes: [], exported: [], accounts: [] };
  if (target === null) return { ...report, ok: false, problems: [NONE] };
  try {
    const part = await run(target, command);
    const { problems, changes } = { ...report, ...part };
    if (changes.length > 0) log.info({ command: command.action, changes }, 'certificates by a command');
    return { ...report, ...part, ok: problems.length === 0 };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { ...report, ok: false, problems: [error.message] };
  }
}

/** Everything about the certificates for a name, or why there is nothing. */
export function showCertificate(target: CommandTarget | null, name: string): CertificateDetails | string {
  if (target === null) return NONE;
  try {
    return { storage: target.config.storage, certificates: showCertificates(target, name, Date.now()) };
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}

async function run(target: CommandTarget, command: CertificateCommand): Promise<Partial<CertificateReport>> {
  switch (command.action) {
    case 'renew':
      return renewCertificates(target, command.name, command.force, PARTS);
    case 'import':
      return importCertificate(target, command, PARTS);
    case 'export':
      return { exported: exportCertificates(target, command.name, command.key) };
    case 'revoke':
      return revokeCertificates(target, command.name, command.reason, PARTS);
    case 'account': {
      const ca = command.ca ?? null;
      if (command.do !== 'show') return changeAccount(target, command.do, ca);
      return { accounts: await showAccounts(target, ca) };
    }
  }
}

/** What may go wrong with the storage, the CA or the command. `RangeError`: a name that no key of the storage can have. */
function isExpected(error: unknown): error is Error {
  return (
    error instanceof CommandError ||
    error instanceof IssuerError ||
    error instanceof StorageError ||
    error instanceof RangeError
  );
}
