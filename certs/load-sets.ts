import type { Config } from '../core/shared/config-types.ts';
import { CertificateSet } from './certificate-set.ts';

/** Something wrong with a certificate that a config names. */
export interface CertificateFinding {
  /** In the config: `listeners[0].tls.certificates[1].key`. */
  readonly path: string;
  /** Names the file. */
  readonly message: string;
}

export interface LoadedSets {
  /** By `TlsConfig.certificateSet`; without those that have problems. */
  readonly sets: ReadonlyMap<string, CertificateSet>;
  readonly problems: readonly CertificateFinding[];
  /** Nothing that keeps it from serving. */
  readonly warnings: readonly CertificateFinding[];
}

/** Reads and checks every certificate of a config. `known`: what was read before. */
export async function loadCertificateSets(
  config: Config,
  known: ReadonlyMap<string, CertificateSet> = new Map(),
): Promise<LoadedSets> {
  const sets = new Map<string, CertificateSet>();
  const problems: CertificateFinding[] = [];
  const warnings: CertificateFinding[] = [];
  for (const [at, { tls }] of config.listeners.entries()) {
    if (tls === null || sets.has(tls.certificateSet)) continue;
    const base = `listeners[${at}].tls`;
    const result = await CertificateSet.load(tls, known.get(tls.certificateSet));
    if (!result.ok) {
      for (const { index, of, problem } of result.problems)
        problems.push({
          path:
            index === null
              ? `${base}.default`
              : `${base}.certificates[${index}]${of === null ? '' : `.${of}`}`,
          message: problem,
        });
      continue;
    }
    sets.set(tls.certificateSet, result.set);
    for (const { file, notAfter } of result.set.expired(new Date()))
      warnings.push({
        path: `${base}.certificates`,
        message: `the certificate has expired (${notAfter.toISOString()}): ${file}`,
      });
  }
  return { sets, problems, warnings };
}
