import { isDeepStrictEqual } from 'node:util';
import type {
  AcmeIssuerConfig,
  CertificatesConfig,
  ManagedCertificateConfig,
  OrderConfig,
} from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import type { CertificatePair } from './certificate-pair.ts';
import type { ObtainedCertificates } from './certificate-set.ts';
import type { CommandTarget } from './command-target.ts';
import { CertificateStore, entryKey } from './certificate-store.ts';
import { FailureNotes } from './failure-notes.ts';
import { ImportedCertificates, type ImportedCertificate } from './imported-certificates.ts';
import type { Issuer } from './issuer.ts';
import { LocalCertificates } from './local-certificates.ts';
import { ManagedCertificate, type CertificateParts } from './managed-certificate.ts';
import { OnDemand, type OnDemandAnswer } from './on-demand.ts';
import type { OrderTerms } from './order.ts';
import { Placeholders } from './placeholders.ts';
import { Places } from './places.ts';
import { NameIndex } from './sni.ts';
import {
  statusOf,
  statusOfImported,
  statusOfLocal,
  type ManagedCertificateStatus,
} from './manager-status.ts';
import { StapleKeeper } from './staple-keeper.ts';
import { StorageError, type Storage } from './storage.ts';

export interface ManagerParts {
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
  /** Resolves after that long, or when the signal says so. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** `folder`: `CertificatesConfig.storage`. Throws StorageError. */
  readonly openStorage: (folder: string) => Promise<Storage>;
  readonly issuerFor: (config: AcmeIssuerConfig, order: OrderConfig, storage: Storage) => Issuer;
  /** What names are served with has changed. */
  readonly onChange: () => void;
}

/** Orders of the names in the config that run at a time: a CA has many customers. */
const MANAGED_ORDERS = 8;
const LOADED_AT_A_TIME = 32;

interface Managed {
  readonly row: ManagedCertificateConfig;
  readonly certificate: ManagedCertificate;
}

interface Index {
  readonly pairs: NameIndex<CertificatePair>;
  /** Names that the config has. */
  readonly names: NameIndex<string>;
}

/** A storage with what is kept valid in it. */
interface Domain {
  readonly storage: Storage;
  readonly store: CertificateStore;
  readonly failureNotes: FailureNotes;
  /** By name and type of key. */
  readonly managed: Map<string, Managed>;
  readonly local: LocalCertificates;
  readonly imported: ImportedCertificates;
  readonly staples: StapleKeeper;
  /** Of certificates that are not kept any more: they serve names of which the new one is still to come. */
  retired: readonly CertificatePair[];
  /** Those with the same terms share their connections and what they know of the CA. */
  issuers: Map<string, Issuer>;
  onDemand: OnDemand | null;
}

/** Certificates that are not from files: obtains them before they are needed, and knows which one serves a name. */
export class CertificateManager implements ObtainedCertificates {
  readonly #parts: ManagerParts;
  readonly #places = new Places(MANAGED_ORDERS);
  readonly #placeholders: Placeholders;
  /** By folder. */
  readonly #domains = new Map<string, Domain>();
  readonly #ending = new Set<Promise<void>>();
  #config: CertificatesConfig | null = null;
  #index: Index | null = null;
  /** Calls of `prepare` under way: what they find is taken in at their end, not certificate by certificate. */
  #preparing = 0;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
    this.#placeholders = new Placeholders(parts.now);
  }

  /**
   * Reads what the storage has for a config, besides what is in use, so that it can be served from the start.
   * @returns what keeps the config from being used
   */
  async prepare(config: CertificatesConfig | null): Promise<readonly string[]> {
    if (config === null) return [];
    this.#preparing += 1;
    try {
      const domain = this.#domains.get(config.storage) ?? (await this.#open(config.storage));
      await domain.local.add(config.selfSigned);
      await domain.imported.look();
      const added = config.managed.flatMap((row) => this.#add(domain, row));
      for (let at = 0; at < added.length; at += LOADED_AT_A_TIME)
        await Promise.all(added.slice(at, at + LOADED_AT_A_TIME).map((certificate) => certificate.look()));
      return [];
    } catch (error) {
      if (error instanceof StorageError) return [`certificates.storage: ${error.message}`];
      throw error;
    } finally {
      this.#preparing -= 1;
      this.#changed();
    }
  }

  /** From now on what this config names is kept valid, and nothing else. It was prepared. */
  use(config: CertificatesConfig | null): void {
    const before = this.#config;
    this.#config = config;
    for (const [folder, domain] of this.#domains) if (folder !== config?.storage) this.#end(folder, domain);
    const domain = config === null ? undefined : this.#domains.get(config.storage);
    if (config !== null && domain !== undefined) {
      this.#keep(domain, config);
      const same = before?.storage === config.storage && isDeepStrictEqual(before.onDemand, config.onDemand);
      if (!same) this.#changeOnDemand(domain, config);
    }
    this.#changed();
  }

  exact(serverName: string): readonly CertificatePair[] {
    return this.#stapled(this.#lookUp().pairs.exact(serverName));
  }

  wildcard(serverName: string): readonly CertificatePair[] {
    return this.#stapled(this.#lookUp().pairs.wildcard(serverName));
  }

  first(): readonly CertificatePair[] {
    for (const { names } of this.#config?.managed ?? []) {
      const [name = ''] = names;
      const pairs = this.#lookUp().pairs.find(name);
      if (pairs.length > 0) return this.#stapled(pairs);
    }
    const [name] = this.#config?.selfSigned ?? [];
    return name === undefined ? [] : this.#lookUp().pairs.find(name);
  }

  /** Stands in for a certificate that is to come. `serverName` empty: for those who ask for an unknown name. null: none is to come. */
  async placeholder(serverName: string): Promise<CertificatePair | null> {
    const [name] =
      serverName === '' ? (this.#config?.managed[0]?.names ?? []) : this.#lookUp().names.find(serverName);
    return name === undefined ? null : this.#placeholders.get(name);
  }

  /** For a name that nothing else serves. */
  async onDemand(serverName: string, allowedByRule: boolean): Promise<OnDemandAnswer> {
    const domain = this.#config === null ? undefined : this.#domains.get(this.#config.storage);
    const answer = (await domain?.onDemand?.find(serverName, allowedByRule)) ?? { kind: 'none' };
    return answer.kind === 'found' ? { ...answer, pairs: this.#stapled(answer.pairs) } : answer;
  }

  status(): readonly ManagedCertificateStatus[] {
    return [...this.#domains.values()].flatMap((domain) => [
      ...[...domain.managed.values()].map(({ certificate }) => statusOf(certificate, 'managed')),
      ...[...(domain.onDemand?.certificates() ?? [])].map((certificate) =>
        statusOf(certificate, 'on-demand'),
      ),
      ...importedOf(domain).map(({ entry }) => statusOfImported(entry, this.#parts.now())),
      ...domain.local.pairs.map(statusOfLocal),
    ]);
  }

  /** What commands are about; null: the config has no certificates. */
  commandTarget(): CommandTarget | null {
    const config = this.#config;
    const domain = config === null ? undefined : this.#domains.get(config.storage);
    if (config === null || domain === undefined) return null;
    const { storage, store, imported, local, staples } = domain;
    return {
      config,
      storage,
      store,
      managed: () => [...certificatesOf(domain)],
      imported: () => importedOf(domain),
      lookForImported: () => imported.look(),
      local: () => local.pairs,
      issuer: (issuer, order) => this.#issuer(domain, issuer, order),
      staple: (pair) => staples.staple(pair),
      status: () => this.status(),
    };
  }

  /** Resolves when nothing runs any more; what was under way can be gone on with at the next start. */
  async close(): Promise<void> {
    for (const [folder, domain] of this.#domains) this.#end(folder, domain);
    await Promise.all(this.#ending);
  }

  async #open(folder: string): Promise<Domain> {
    const storage = await this.#parts.openStorage(folder);
    const { log, now, sleep } = this.#parts;
    const onChange = (): void => this.#changed();
    const store = new CertificateStore(storage);
    const domain: Domain = {
      storage,
      store,
      failureNotes: new FailureNotes(storage, now),
      managed: new Map(),
      local: new LocalCertificates({ storage, log, now, sleep, onChange }),
      imported: new ImportedCertificates({ store, log, now, sleep, onChange }),
      staples: new StapleKeeper({
        storage,
        log,
        now,
        onChange,
        onRevoked: ({ cert }) => {
          const revoked = [...certificatesOf(domain)].find(({ pair }) => pair?.cert === cert);
          // What becomes of the order is logged by itself.
          revoked
            ?.noteRevoked()
            .then(() => revoked.renew())
            .catch(() => undefined);
        },
      }),
      retired: [],
      issuers: new Map(),
      onDemand: null,
    };
    this.#domains.set(folder, domain);
    return domain;
  }

  /** @returns those that are new */
  #add(domain: Domain, row: ManagedCertificateConfig): ManagedCertificate[] {
    return row.order.keyTypes.flatMap((keyType) => {
      const key = `${row.names[0]} ${keyType}`;
      if (domain.managed.has(key)) return [];
      const parts = this.#certificateParts(domain, this.#places);
      const certificate = new ManagedCertificate(parts, this.#terms(domain, row), keyType);
      domain.managed.set(key, { row, certificate });
      return [certificate];
    });
  }

  #keep(domain: Domain, config: CertificatesConfig): void {
    const wanted = new Map<string, ManagedCertificateConfig>(
      config.managed.flatMap((row) =>
        row.order.keyTypes.map((keyType) => [`${row.names[0]} ${keyType}`, row] as const),
      ),
    );
    for (const [key, { certificate }] of domain.managed) {
      if (wanted.has(key)) continue;
      domain.managed.delete(key);
      if (certificate.pair !== null) domain.retired = [...domain.retired, certificate.pair];
      this.#track(certificate.stop());
    }
    for (const [key, row] of wanted) {
      const known = domain.managed.get(key);
      if (known === undefined) continue;
      // In the order of the config, which says what comes first.
      domain.managed.delete(key);
      domain.managed.set(key, { row, certificate: known.certificate });
      if (!isDeepStrictEqual(known.row, row)) known.certificate.change(this.#terms(domain, row));
      known.certificate.start();
    }
    domain.local.keep(config.selfSigned);
    const orders = [...config.managed, ...(config.onDemand === null ? [] : [config.onDemand])].map(
      ({ order }) => order,
    );
    const keys = new Set(orders.flatMap((order) => order.issuers.map((each) => issuerKey(each, order))));
    domain.issuers = new Map([...domain.issuers].filter(([key]) => keys.has(key)));
  }

  #changeOnDemand(domain: Domain, { onDemand: config }: CertificatesConfig): void {
    if (domain.onDemand !== null) this.#track(domain.onDemand.stop());
    domain.onDemand = null;
    if (config === null) return;
    const { log, now } = this.#parts;
    const parts = this.#certificateParts(domain, new Places(config.concurrency));
    domain.onDemand = new OnDemand(
      {
        log,
        now,
        make: (name, { order }) => {
          const terms = this.#terms(domain, { names: [name], order });
          return order.keyTypes.map((keyType) => new ManagedCertificate(parts, terms, keyType));
        },
      },
      config,
    );
  }

  #certificateParts({ storage, store, failureNotes, staples }: Domain, places: Places): CertificateParts {
    const { log, now, random, sleep } = this.#parts;
    return {
      storage,
      store,
      failureNotes,
      log,
      now,
      random,
      sleep,
      places,
      hasStaple: (certificate, signal) => staples.prepare(certificate, signal),
      onChange: () => this.#changed(),
    };
  }

  #terms(domain: Domain, { names, order }: ManagedCertificateConfig): OrderTerms {
    const { challenges, mustStaple, issuers } = order;
    return {
      names,
      challenges,
      mustStaple,
      issuers: issuers.map((issuer) => this.#issuer(domain, issuer, order)),
    };
  }

  #issuer({ issuers, storage }: Domain, config: AcmeIssuerConfig, order: OrderConfig): Issuer {
    const key = issuerKey(config, order);
    let issuer = issuers.get(key);
    if (issuer === undefined) {
      issuer = this.#parts.issuerFor(config, order, storage);
      issuers.set(key, issuer);
    }
    return issuer;
  }

  #end(folder: string, domain: Domain): void {
    this.#domains.delete(folder);
    domain.local.stop();
    domain.imported.stop();
    this.#track(domain.staples.close());
    for (const { certificate } of domain.managed.values()) this.#track(certificate.stop());
    if (domain.onDemand !== null) this.#track(domain.onDemand.stop());
  }

  #track(ending: Promise<void>): void {
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  #changed(): void {
    this.#index = null;
    if (this.#preparing > 0) return;
    for (const domain of this.#domains.values())
      domain.staples.follow(
        [...certificatesOf(domain), ...importedOf(domain)].flatMap(({ pair }) => pair ?? []),
      );
    this.#parts.onChange();
  }

  #stapled(pairs: readonly CertificatePair[]): readonly CertificatePair[] {
    const keepers = [...this.#domains.values()];
    return pairs.map((pair) => ({
      ...pair,
      ocsp: keepers.map(({ staples }) => staples.staple(pair)).find((staple) => staple !== null) ?? null,
    }));
  }

  #lookUp(): Index {
    if (this.#index !== null) return this.#index;
    const index = { pairs: new NameIndex<CertificatePair>(), names: new NameIndex<string>() };
    for (const domain of this.#domains.values()) {
      const { managed, local } = domain;
      const beyond: CertificatePair[] = [];
      for (const { row, certificate } of managed.values()) {
        for (const name of row.names) index.names.add(name, name);
        const { pair } = certificate;
        if (pair === null) continue;
        const wanted = new Set(row.names);
        for (const name of pair.names) if (wanted.has(name)) index.pairs.add(name, pair);
        if (pair.names.some((name) => !wanted.has(name))) beyond.push(pair);
      }
      for (const pair of [...importedOf(domain).map((each) => each.pair), ...local.pairs])
        for (const name of pair.names) index.pairs.add(name, pair);
      const isMissing = (name: string): boolean =>
        index.names.exact(name).length > 0 && index.pairs.exact(name).length === 0;
      domain.retired = domain.retired.filter(({ names }) => names.some(isMissing));
      // What a CA adds, or the config has moved to another certificate, serves only where nothing else does yet.
      for (const pair of [...domain.retired, ...beyond])
        for (const name of pair.names.filter(isMissing)) index.pairs.add(name, pair);
    }
    this.#index = index;
    return index;
  }
}

function* certificatesOf({ managed, onDemand }: Domain): Iterable<ManagedCertificate> {
  for (const { certificate } of managed.values()) yield certificate;
  if (onDemand !== null) yield* onDemand.certificates();
}

/** Without those that are kept valid because the config names them. */
function importedOf({ imported, managed }: Domain): readonly ImportedCertificate[] {
  const places = new Set([...managed.values()].map(({ certificate }) => entryKey(certificate.place)));
  return imported.all.filter(({ place }) => !places.has(entryKey(place)));
}

function issuerKey(config: AcmeIssuerConfig, { dns }: OrderConfig): string {
  return JSON.stringify([config, dns]);
}
