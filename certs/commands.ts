import { formatDuration } from '../core/shared/duration.ts';
import { detailsOf, type CertificateDetails } from './certificate-details.ts';
import { entryKey } from './certificate-store.ts';
import { CommandError } from './command-error.ts';
import { NOTHING, problem, together, type CommandOutcome, type CommandParts } from './command-outcome.ts';
import type { CommandTarget } from './command-target.ts';
import { findCertificates } from './find-certificates.ts';
import { IMPORTED } from './imported-certificates.ts';
import type { ManagedCertificate } from './managed-certificate.ts';
import type { CertificateStatus } from './certificate-status.ts';

export interface ExportedCertificate {
  readonly name: string;
  readonly keyType: string;
  /** PEM: the leaf, then its chain. */
  readonly cert: string;
  /** PEM; null: it was not asked for. */
  readonly key: string | null;
}

export type ShownCertificate = CertificateStatus & {
  /** The file in the storage; null: it is made anew at each start, or there is none. */
  readonly file: string | null;
  readonly details: CertificateDetails | null;
};

/** An order may cost the CA's limits, which are counted in hours and weeks. */
const RECENT_MS = 60 * 60_000;

/** Everything about the certificates for a name. Throws CommandError where there is none. */
export function showCertificates(target: CommandTarget, name: string, now: number): ShownCertificate[] {
  const { managed, imported, local } = findCertificates(target, name);
  const status = target.status();
  const rowOf = (names: readonly string[], keyType: string): CertificateStatus[] =>
    status.filter((row) => row.names[0] === names[0] && row.keyType === keyType).slice(0, 1);
  return [
    ...managed.flatMap(({ names, place, pair, state }) =>
      rowOf(names, place.keyType).map((row) => ({
        ...row,
        file: state.entry === null ? null : entryKey(place),
        details:
          state.entry === null
            ? null
            : detailsOf(
                state.entry.certificate.cert,
                { ...state.entry.notes, staple: pair === null ? null : target.staple(pair) },
                now,
              ),
      })),
    ),
    ...imported.flatMap(({ entry, pair, place }) =>
      rowOf(entry.certificate.names, place.keyType).map((row) => ({
        ...row,
        file: entryKey(place),
        details: detailsOf(pair.cert, { ...entry.notes, staple: target.staple(pair) }, now),
      })),
    ),
    ...local.flatMap(({ cert, names }) =>
      status
        .filter((row) => row.kind === 'self-signed' && row.names[0] === names[0])
        .map((row) => ({
          ...row,
          file: null,
          details: detailsOf(cert, { obtainedAt: null, window: null, staple: null }, now),
        })),
    ),
  ];
}

/** PEM of the certificates for a name. Throws CommandError where there is none. */
export function exportCertificates(
  target: CommandTarget,
  name: string,
  withKey: boolean,
): readonly ExportedCertificate[] {
  const { managed, imported, local } = findCertificates(target, name);
  const pairs = [
    ...managed.flatMap(({ pair, place }) => (pair === null ? [] : [{ ...pair, keyType: place.keyType }])),
    ...imported.map(({ pair, place }) => ({ ...pair, keyType: place.keyType })),
    ...local.map((pair) => ({ ...pair, keyType: 'ecdsa-p256' })),
  ];
  if (pairs.length === 0)
    throw new CommandError(`${name} has no certificate yet; \`tidegate certs show ${name}\` says why`);
  return pairs.map(({ names: [first = ''], keyType, cert, key }) => ({
    name: first,
    keyType,
    cert,
    key: withKey ? key : null,
  }));
}

/** Orders the certificates for a name now, and waits for that. Throws CommandError where nobody renews it. */
export async function renewCertificates(
  target: CommandTarget,
  name: string,
  force: boolean,
  { now, waitMs }: CommandParts,
): Promise<CommandOutcome> {
  const { managed, imported } = findCertificates(target, name);
  if (managed.length === 0)
    throw new CommandError(
      imported.length > 0
        ? `the certificate for ${name} was imported, and nobody renews it: import its successor, or name it under certificates.acme.domains`
        : `the certificate for ${name} is self-signed: it is renewed by itself`,
    );
  for (const { state, names, place } of managed) {
    const { entry, standing } = state;
    const agoMs = entry === null ? Infinity : now() - entry.notes.obtainedAt.getTime();
    if (!force && standing === 'fine' && agoMs < RECENT_MS && entry?.certificate.issuer !== IMPORTED)
      throw new CommandError(
        `the certificate for ${names[0]} (${place.keyType}) was obtained ${ago(agoMs)} ago; --force orders another one all the same, which counts towards the limits of the CA`,
      );
  }
  return together(await Promise.all(managed.map((certificate) => renewed(certificate, waitMs))));
}

/** Orders one now, and says what became of it. */
export async function renewed(certificate: ManagedCertificate, waitMs: number): Promise<CommandOutcome> {
  const label = `${certificate.names.join(', ')} (${certificate.place.keyType})`;
  const before = certificate.state.entry?.certificate.serial;
  const { promise: late, resolve: giveUp } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => giveUp('late'), waitMs);
  try {
    const order = certificate.renew();
    // Who has given up is told by the status.
    order.catch(() => undefined);
    if ((await Promise.race([order, late])) === 'late')
      return problem(
        `${label}: the order is still under way; \`tidegate certs show ${certificate.place.name}\` says how it goes on`,
      );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const serves = before === undefined ? 'there is none yet' : 'the one before goes on serving';
    return problem(`${label}: no certificate could be obtained: ${message} (${serves}; it is tried again)`);
  } finally {
    clearTimeout(timer);
  }
  const there = certificate.state.entry?.certificate;
  if (there === undefined || there.serial === before)
    return {
      ...NOTHING,
      warnings: [`${label}: the new certificate is stored, and serves as soon as it has its OCSP staple`],
    };
  return {
    ...NOTHING,
    changes: [
      `${label}: obtained from ${there.issuer}, serial ${there.serial}, valid until ${there.notAfter.toISOString()}`,
    ],
  };
}

function ago(ms: number): string {
  return formatDuration(Math.max(1, Math.floor(ms / 60_000)) * 60_000);
}
