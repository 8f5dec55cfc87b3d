import type { Certificate } from '../core/shared/certificate.ts';
import type { CertificateConfig, TlsConfig } from '../core/shared/listener-types.ts';
import { readCertificatePair, type CertificatePair } from './certificate-pair.ts';
import { NameIndex } from './sni.ts';

/** Below `tls.certificates`, or `tls.default` where `index` is null. */
export interface CertificateProblem {
  readonly index: number | null;
  readonly of: 'cert' | 'key' | null;
  readonly problem: string;
}

/** The certificates of a listener, by the names that they serve. */
export class CertificateSet {
  readonly #certificates: readonly CertificateConfig[];
  readonly #default: string | null;
  readonly #refusesUnknown: boolean;
  #pairs: readonly CertificatePair[];
  #index: NameIndex<CertificatePair>;

  private constructor(tls: TlsConfig, pairs: readonly CertificatePair[]) {
    this.#certificates = tls.certificates;
    this.#default = tls.default;
    this.#refusesUnknown = tls.unknownNames === 'refuse';
    this.#pairs = pairs;
    this.#index = indexOf(tls.certificates, pairs);
  }

  /** Reads all files. `known`: the same set as it was read before. */
  static async load(
    tls: TlsConfig,
    known?: CertificateSet,
  ): Promise<
    | { readonly ok: true; readonly set: CertificateSet }
    | { readonly ok: false; readonly problems: CertificateProblem[] }
  > {
    const before = known === undefined ? [] : known.#pairs;
    const problems: CertificateProblem[] = [];
    const pairs: CertificatePair[] = [];
    for (const [index, files] of tls.certificates.entries()) {
      const result = await readCertificatePair(files, before[index]);
      if (!result.ok) problems.push({ index, of: result.of, problem: result.problem });
      else if (files.names === null && result.pair.names.length === 0)
        problems.push({
          index,
          of: 'cert',
          problem: `expected DNS names in it, or \`names\`: ${files.cert}`,
        });
      else pairs.push(result.pair);
    }
    if (problems.length > 0) return { ok: false, problems };
    const set = new CertificateSet(tls, pairs);
    if (tls.default === null || set.#index.find(tls.default).length > 0) return { ok: true, set };
    const problem = `expected a name that one of the certificates serves, found "${tls.default}"`;
    return { ok: false, problems: [{ index: null, of: null, problem }] };
  }

  /** Every file that it was read from. */
  get files(): string[] {
    return this.#certificates.flatMap(({ cert, key }) => [cert, key]);
  }

  /** Which certificates are no longer valid at this time. */
  expired(now: Date): { readonly file: string; readonly notAfter: Date }[] {
    return this.#pairs.flatMap(({ notAfter }, index) => {
      const file = this.#certificates[index]?.cert;
      return file === undefined || notAfter > now ? [] : [{ file, notAfter }];
    });
  }

  /** `serverName`: empty where the client named none. null: it is to be refused. */
  find(serverName: string): Certificate | null {
    const named = serverName === '' ? [] : this.#index.find(serverName);
    if (named.length > 0) return oneOfEachType(named);
    return this.#refusesUnknown ? null : oneOfEachType(this.#defaultPairs());
  }

  /** Reads those of these files again that are its own. What can not be used leaves what was there before. @returns what is wrong */
  async refresh(files: ReadonlySet<string>): Promise<string[]> {
    const problems: string[] = [];
    const pairs = [...this.#pairs];
    for (const [index, certificate] of this.#certificates.entries()) {
      if (!files.has(certificate.cert) && !files.has(certificate.key)) continue;
      const result = await readCertificatePair(certificate, pairs[index]);
      if (!result.ok) problems.push(result.problem);
      else pairs[index] = result.pair;
    }
    this.#pairs = pairs;
    this.#index = indexOf(this.#certificates, pairs);
    return problems;
  }

  #defaultPairs(): readonly CertificatePair[] {
    const found = this.#default === null ? [] : this.#index.find(this.#default);
    if (found.length > 0) return found;
    const name = this.#certificates[0]?.names?.[0] ?? this.#pairs[0]?.names[0];
    return name === undefined ? this.#pairs.slice(0, 1) : this.#index.find(name);
  }
}

function indexOf(
  certificates: readonly CertificateConfig[],
  pairs: readonly CertificatePair[],
): NameIndex<CertificatePair> {
  const index = new NameIndex<CertificatePair>();
  for (const [at, pair] of pairs.entries())
    for (const name of certificates[at]?.names ?? pair.names) index.add(name, pair);
  return index;
}

/** Of two with the same type of key, the one that the config names first. */
function oneOfEachType(pairs: readonly CertificatePair[]): Certificate | null {
  const byType = new Map<string, CertificatePair>();
  for (const pair of pairs) if (!byType.has(pair.keyType)) byType.set(pair.keyType, pair);
  const chosen = [...byType.values()];
  if (chosen.length === 0) return null;
  return {
    id: chosen.map(({ id }) => id).join(' '),
    pairs: chosen.map(({ keyType, cert, key }) => ({ keyType, cert, key })),
  };
}
