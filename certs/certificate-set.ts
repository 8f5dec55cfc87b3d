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

/** Certificates that are not from files. */
export interface ObtainedCertificates {
  /** Those for this very name, and those for the wildcard above it; empty for an unknown name. */
  exact(serverName: string): readonly CertificatePair[];
  wildcard(serverName: string): readonly CertificatePair[];
  /** What those get who ask for an unknown name; empty: there are none. */
  first(): readonly CertificatePair[];
}

/** The certificates of a listener, by the names that they serve. */
export class CertificateSet {
  readonly #certificates: readonly CertificateConfig[];
  readonly #managed: boolean;
  readonly #default: string | null;
  readonly #refusesUnknown: boolean;
  readonly #wantsStaples: boolean;
  #pairs: readonly CertificatePair[];
  #index: NameIndex<CertificatePair>;

  private constructor(tls: TlsConfig, pairs: readonly CertificatePair[]) {
    this.#certificates = tls.certificates;
    this.#managed = tls.managed;
    this.#default = tls.default;
    this.#refusesUnknown = tls.unknownNames === 'refuse';
    this.#wantsStaples = tls.ocspStapling;
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
    // Of what is obtained it may be known only when it is there.
    const { default: name, managed } = tls;
    if (name === null || managed || set.#index.find(name).length > 0) return { ok: true, set };
    const problem = `expected a name that one of the certificates serves, found "${name}"`;
    return { ok: false, problems: [{ index: null, of: null, problem }] };
  }

  /** Every file that it was read from. */
  get files(): string[] {
    return this.#certificates.flatMap(({ cert, key }) => [cert, key]);
  }

  /** Those of its files that OCSP staples are wanted for. */
  get toStaple(): readonly CertificatePair[] {
    return this.#wantsStaples ? this.#pairs : [];
  }

  /** Which certificates are no longer valid at this time. */
  expired(now: Date): { readonly file: string; readonly notAfter: Date }[] {
    return this.#pairs.flatMap(({ notAfter }, index) => {
      const file = this.#certificates[index]?.cert;
      return file === undefined || notAfter > now ? [] : [{ file, notAfter }];
    });
  }

  /** Whether names that its files do not serve may have certificates that are obtained. */
  get managed(): boolean {
    return this.#managed;
  }

  /** Whose certificate those get who ask for an unknown name; null: the first one's. */
  get defaultName(): string | null {
    return this.#default;
  }

  /** Whether who asks for an unknown name gets no certificate at all. */
  get refusesUnknown(): boolean {
    return this.#refusesUnknown;
  }

  /** Exact before wildcard, files before others. Empty: there is none for this name. */
  find(serverName: string, obtained: ObtainedCertificates | null): readonly CertificatePair[] {
    const others = this.#managed ? obtained : null;
    return (
      any(this.#index.exact(serverName)) ??
      any(others?.exact(serverName)) ??
      any(this.#index.wildcard(serverName)) ??
      others?.wildcard(serverName) ??
      []
    );
  }

  /** What a client gets that asks for an unknown name, or for none. Empty: nothing. */
  findDefault(obtained: ObtainedCertificates | null): readonly CertificatePair[] {
    if (this.#refusesUnknown) return [];
    if (this.#default !== null) return this.find(this.#default, obtained);
    return any(this.#firstPairs()) ?? (this.#managed ? obtained?.first() : null) ?? [];
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

  #firstPairs(): readonly CertificatePair[] {
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

function any<T>(items: readonly T[] | undefined): readonly T[] | null {
  return items === undefined || items.length === 0 ? null : items;
}

/**
 * What workers present. Of two with the same type of key it has the first; null: of none.
 * @param stapleFor DER in base64; null: there is none
 */
export function certificateOf(
  pairs: readonly CertificatePair[],
  stapleFor: (pair: CertificatePair) => string | null,
): Certificate | null {
  const byType = new Map<string, CertificatePair>();
  for (const pair of pairs) if (!byType.has(pair.keyType)) byType.set(pair.keyType, pair);
  const chosen = [...byType.values()];
  if (chosen.length === 0) return null;
  return {
    id: chosen.map(({ id }) => id).join(' '),
    pairs: chosen.map((pair) => {
      const { keyType, cert, key } = pair;
      return { keyType, cert, key, ocsp: stapleFor(pair) };
    }),
  };
}
