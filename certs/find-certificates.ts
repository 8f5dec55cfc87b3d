import { didYouMean } from '../core/shared/nearest-name.ts';
import type { CertificatePair } from './certificate-pair.ts';
import { CommandError } from './command-error.ts';
import type { CommandTarget } from './command-target.ts';
import type { ImportedCertificate } from './imported-certificates.ts';
import type { ManagedCertificate } from './managed-certificate.ts';
import { plainName } from './sni.ts';

/** All that have a name: of several key types, and of several sources. */
export interface FoundCertificates {
  readonly managed: readonly ManagedCertificate[];
  readonly imported: readonly ImportedCertificate[];
  readonly local: readonly CertificatePair[];
}

/** Throws CommandError where there is none. */
export function findCertificates(target: CommandTarget, wanted: string): FoundCertificates {
  const name = plainName(wanted);
  const has = ({ names }: { readonly names: readonly string[] }): boolean => names.includes(name);
  const found = {
    managed: target.managed().filter(has),
    imported: target.imported().filter(({ pair }) => has(pair)),
    local: target.local().filter(has),
  };
  if (Object.values(found).every((each) => each.length === 0))
    throw noSuchCertificate(
      wanted,
      target.status().flatMap(({ names }) => names),
    );
  return found;
}

export function noSuchCertificate(wanted: string, known: readonly string[]): CommandError {
  const hint = didYouMean(wanted, known) || '; `tidegate certs list` shows all there are';
  return new CommandError(`there is no certificate for ${wanted}${hint}`);
}
