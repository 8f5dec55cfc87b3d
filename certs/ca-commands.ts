import type { AcmeIssuerConfig, OrderConfig } from '../core/shared/certificates-config.ts';
import { CommandError } from './command-error.ts';
import type { CommandTarget } from './command-target.ts';
import { together, type CommandOutcome, type CommandParts } from './command-outcome.ts';
import { renewed } from './commands.ts';
import { findCertificates } from './find-certificates.ts';
import { IMPORTED } from './imported-certificates.ts';
import { IssuerError, type AccountStatus, type Issuer } from './issuer.ts';

/** RFC 5280 5.3.1: those that RFC 8555 lets the owner of a certificate give. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const;
export type RevocationReason = keyof typeof REVOCATION_REASONS;

export type AccountRow = {
  readonly directory: string;
  /** Why the CA could not be asked. */
  readonly problem: string | null;
} & Omit<AccountStatus, 'status'> & { readonly status: AccountStatus['status'] | 'unknown' };

/** Revokes the certificates for a name at their CA, and has new ones obtained. Throws CommandError, IssuerError. */
export async function revokeCertificates(
  target: CommandTarget,
  name: string,
  reason: RevocationReason,
  { waitMs }: CommandParts,
): Promise<CommandOutcome> {
  const { managed, imported, local } = findCertificates(target, name);
  const there = managed.flatMap((certificate) => {
    const stored = certificate.state.entry?.certificate;
    return stored === undefined || stored.issuer === IMPORTED ? [] : [{ certificate, stored }];
  });
  if (there.length === 0) {
    if (local.length > 0)
      throw new CommandError(`the certificate for ${name} is self-signed: no CA can revoke it`);
    const isImported = imported.length > 0 || managed.some(({ state }) => state.entry !== null);
    throw new CommandError(
      isImported
        ? `the certificate for ${name} was imported: have it revoked by who issued it, and import another one`
        : `${name} has no certificate yet: there is nothing to revoke`,
    );
  }
  const issuers = there.map(({ stored }) => issuerOf(target, stored.issuer, name));
  const outcomes = there.map(async ({ certificate, stored }, at) => {
    // CAs take any signature by the certificate's own key for a sign that the key is known to others.
    const key = reason === 'keyCompromise' ? stored.key : null;
    await issuers[at]?.revoke(stored.cert, key, REVOCATION_REASONS[reason], AbortSignal.timeout(waitMs));
    await certificate.noteRevoked();
    const label = `${stored.names.join(', ')} (${stored.keyType})`;
    const revoked = { changes: [`${label}: revoked, serial ${stored.serial}`], problems: [], warnings: [] };
    return together([revoked, await renewed(certificate, waitMs)]);
  });
  return together(await Promise.all(outcomes.map(caught)));
}

/** What the CAs of the config say of our accounts. */
export async function showAccounts(target: CommandTarget, ca: string | null): Promise<readonly AccountRow[]> {
  const wanted = ca === null ? issuersOf(target) : [issuerFor(target, ca)];
  return Promise.all(
    wanted.map(async ({ directory, account }) => {
      try {
        return { directory, problem: null, ...(await account.status()) };
      } catch (error) {
        if (!(error instanceof IssuerError)) throw error;
        return { directory, problem: error.message, status: 'unknown' as const, url: null, contact: [] };
      }
    }),
  );
}

/** `ca`: URL of its directory; null: the only one of the config. Throws CommandError, IssuerError. */
export async function changeAccount(
  target: CommandTarget,
  change: 'rollover' | 'update' | 'deactivate',
  ca: string | null,
): Promise<CommandOutcome> {
  const { directory, account } = issuerFor(target, ca);
  const outcome = (text: string): CommandOutcome => ({
    changes: [`account at ${directory}: ${text}`],
    problems: [],
    warnings: [],
  });
  switch (change) {
    case 'rollover':
      await account.rolloverKey();
      return outcome('it has a new key');
    case 'update':
      await account.updateContact();
      return outcome('the CA has the contact of the config');
    case 'deactivate':
      await account.deactivate();
      return outcome('deactivated for good; the next order makes a new one');
  }
}

/** One for each CA. */
function issuersOf(target: CommandTarget): readonly Issuer[] {
  const issuers = new Map<string, Issuer>();
  for (const [issuer, order] of configsOf(target))
    if (!issuers.has(issuer.directory)) issuers.set(issuer.directory, target.issuer(issuer, order));
  return [...issuers.values()];
}

function* configsOf({ config }: CommandTarget): Iterable<readonly [AcmeIssuerConfig, OrderConfig]> {
  const rows = [...config.managed, ...(config.onDemand === null ? [] : [config.onDemand])];
  for (const { order } of rows) for (const issuer of order.issuers) yield [issuer, order];
}

function issuerFor(target: CommandTarget, ca: string | null): Issuer {
  const issuers = issuersOf(target);
  const names = issuers.map(({ directory }) => directory).join(', ');
  const [only] = issuers;
  if (only === undefined) throw new CommandError('the config names no CA: see certificates.acme');
  if (ca === null && issuers.length > 1)
    throw new CommandError(`the config names several CAs: say which one with --ca, one of ${names}`);
  const found = ca === null ? only : issuers.find(({ directory }) => directory === ca);
  if (found === undefined) throw new CommandError(`the config does not name the CA ${ca}; it names ${names}`);
  return found;
}

/** Who issued a certificate. */
function issuerOf(target: CommandTarget, directory: string, name: string): Issuer {
  const issuers = issuersOf(target);
  const found = issuers.find((issuer) => issuer.directory === directory);
  // The note about where it is from may be lost: with one CA there is no doubt.
  const sure = found ?? (directory === 'unknown' && issuers.length === 1 ? issuers[0] : undefined);
  if (sure !== undefined) return sure;
  throw new CommandError(
    `the certificate for ${name} is from ${directory}, which the config does not name: add it under certificates.acme.fallback to revoke it`,
  );
}

/** One that fails is no reason not to say what became of the others. */
async function caught(outcome: Promise<CommandOutcome>): Promise<CommandOutcome> {
  try {
    return await outcome;
  } catch (error) {
    if (!(error instanceof IssuerError)) throw error;
    return { changes: [], problems: [`not revoked: ${error.message}`], warnings: [] };
  }
}
