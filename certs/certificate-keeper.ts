import { isDeepStrictEqual } from 'node:util';
import type {
  AcmeIssuerConfig,
  CertificatesConfig,
  ManagedCertificateConfig,
  OrderConfig,
} from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import type { CertificatePair } from './certificate-pair.ts';
import { CertificateStore, entryKey } from './certificate-store.ts';
import type { CommandTarget } from './command-target.ts';
import { Endings } from './endings.ts';
import { ExpiredRemoval } from './expired-removal.ts';
import { FailureNotes } from './failure-notes.ts';
import { ImportedCertificates, type ImportedCertificate } from './imported-certificates.ts';
import type { Issuer } from './issuer.ts';
import { Issuers } from './issuers.ts';
import { LocalCertificates } from './local-certificates.ts';
import { ManagedCertificate, type CertificateParts } from './managed-certificate.ts';
import { statusOf, statusOfImported, statusOfLocal, type CertificateStatus } from './certificate-status.ts';
import { OnDemand, type OnDemandAnswer } from './on-demand.ts';
import type { OrderTerms } from './order.ts';
import { Places } from './places.ts';
import { ServedNames } from './served-names.ts';
import { StapleKeeper } from './staple-keeper.ts';
import type { Storage } from './storage.ts';

export interface KeeperParts {
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
  /** Resolves after that long, or when the signal says so. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly issuerFor: (config: AcmeIssuerConfig, order: OrderConfig, storage: Storage) => Issuer;
  /** What names are served with has changed. */
  readonly onChange: () => void;
}

const LOADED_AT_A_TIME = 32;

interface Managed {
  readonly row: ManagedCertificateConfig;
  readonly certificate: ManagedCertificate;
}

/** Keeps valid what is in one storage: certificates that the config names, imported ones, those on demand and of the local root. */
export class CertificateKeeper {
  readonly #parts: KeeperParts;
  readonly #storage: Storage;
  readonly #store: CertificateStore;
  readonly #failureNotes: FailureNotes;
  readonly #local: LocalCertificates;
  readonly #imported: ImportedCertificates;
  readonly #staples: StapleKeeper;
  readonly #issuers: Issuers;
  readonly #served = new ServedNames();
  readonly #endings = new Endings();
  readonly #expired: ExpiredRemoval;
  /** For orders of names in the config. */
  readonly #places: Places;
  /** By name and type of key, in the order of the config. */
  #managed = new Map<string, Managed>();
  #onDemand: OnDemand | null = null;

  constructor(parts: KeeperParts, storage: Storage, places: Places) {
    this.#parts = parts;
    this.#storage = storage;
    this.#places = places;
    const { log, now, sleep, onChange, issuerFor } = parts;
    this.#store = new CertificateStore(storage);
    this.#expired = new ExpiredRemoval({
      storage,
      store: this.#store,
      log,
      now,
      wanted: () => [...this.#certificates()].map(({ place }) => place),
    });
    this.#failureNotes = new FailureNotes(storage, now);
    this.#issuers = new Issuers((config, order) => issuerFor(config, order, storage));
    this.#staples = new StapleKeeper({
      storage,
      log,
      now,
      onChange,
      onRevoked: ({ cert }) => this.#replaceRevoked(cert),
    });
    const onLocal = (): void => this.#othersChanged();
    this.#local = new LocalCertificates({ storage, log, now, sleep, onChange: onLocal });
    this.#imported = new ImportedCertificates({
      store: this.#store,
      log,
      now,
      sleep,
      onChange: () => {
        this.#staples.follow(this.#imported.all.map(({ pair }) => pair));
        this.#othersChanged();
      },
    });
  }

  /** Reads what there is for a config, besides what is in use. Throws what the storage throws. */
  async prepare(config: CertificatesConfig): Promise<void> {
    await this.#local.add(config.selfSigned);
    await this.#imported.look();
    const added = config.managed.flatMap((row) => this.#add(row));
    for (let at = 0; at < added.length; at += LOADED_AT_A_TIME)
      await Promise.all(added.slice(at, at + LOADED_AT_A_TIME).map((certificate) => certificate.look()));
  }

  /** From now on what this config names is kept valid, and nothing else. It was prepared. `before`: what was kept until now. */
  use(config: CertificatesConfig, before: CertificatesConfig | null): void {
    this.#useManaged(config.managed);
    this.#local.keep(config.selfSigned);
    this.#othersChanged();
    const orders = [...config.managed, ...(config.onDemand === null ? [] : [config.onDemand])];
    this.#issuers.keep(orders.map(({ order }) => order));
    if (before === null || !isDeepStrictEqual(before.onDemand, config.onDemand)) this.#useOnDemand(config);
  }

  /** What serves this very name, of those that are no answer to a client on demand. */
  find(name: string): readonly CertificatePair[] {
    return this.#served.find(name);
  }

  /** Whether the config names it, so that a certificate is there or to come. */
  isManaged(name: string): boolean {
    return this.#served.isHeld(name);
  }

  async onDemand(serverName: string, allowedByRule: boolean): Promise<OnDemandAnswer> {
    return (await this.#onDemand?.find(serverName, allowedByRule)) ?? { kind: 'none' };
  }

  /** As `StapleKeeper.staple`. */
  staple(pair: CertificatePair): string | null {
    return this.#staples.staple(pair);
  }

  status(): readonly CertificateStatus[] {
    return [
      ...[...this.#managed.values()].map(({ certificate }) => statusOf(certificate, 'managed')),
      ...[...(this.#onDemand?.certificates() ?? [])].map((each) => statusOf(each, 'on-demand')),
      ...this.#onlyImported().map(({ entry }) => statusOfImported(entry, this.#parts.now())),
      ...this.#local.pairs.map(statusOfLocal),
    ];
  }

  commandTarget(config: CertificatesConfig): CommandTarget {
    return {
      config,
      storage: this.#storage,
      store: this.#store,
      managed: () => [...this.#certificates()],
      imported: () => this.#onlyImported(),
      lookForImported: () => this.#imported.look(),
      local: () => this.#local.pairs,
      issuer: (issuer, order) => this.#issuers.get(issuer, order),
      staple: (pair) => this.staple(pair),
      status: () => this.status(),
    };
  }

  /** Resolves when nothing runs any more; what was under way can be gone on with at the next start. */
  async close(): Promise<void> {
    this.#local.stop();
    this.#imported.stop();
    this.#expired.stop();
    this.#endings.add(this.#staples.close());
    for (const { certificate } of this.#managed.values()) this.#endings.add(certificate.stop());
    if (this.#onDemand !== null) this.#endings.add(this.#onDemand.stop());
    await this.#endings.all();
  }

  /** @returns those that are new */
  #add(row: ManagedCertificateConfig): ManagedCertificate[] {
    return row.order.keyTypes.flatMap((keyType) => {
      const key = managedKey(row, keyType);
      if (this.#managed.has(key)) return [];
      const parts = this.#certificateParts(this.#places, (before, after) =>
        this.#served.replace(before, after),
      );
      const certificate = new ManagedCertificate(parts, this.#terms(row), keyType);
      this.#managed.set(key, { row, certificate });
      this.#served.add(certificate);
      return [certificate];
    });
  }

  #useManaged(rows: readonly ManagedCertificateConfig[]): void {
    const before = this.#managed;
    this.#managed = new Map();
    for (const row of rows)
      for (const keyType of row.order.keyTypes) {
        const key = managedKey(row, keyType);
        const known = before.get(key);
        if (known === undefined) continue;
        before.delete(key);
        this.#managed.set(key, { row, certificate: known.certificate });
        if (!isDeepStrictEqual(known.row, row)) known.certificate.change(this.#terms(row));
        known.certificate.start();
      }
    const dropped = [...before.values()].map(({ certificate }) => certificate);
    for (const certificate of dropped) this.#endings.add(certificate.stop());
    this.#served.hold(
      [...this.#managed.values()].map(({ certificate }) => certificate),
      dropped.flatMap(({ pair }) => pair ?? []),
    );
  }

  #useOnDemand({ onDemand: config }: CertificatesConfig): void {
    if (this.#onDemand !== null) this.#endings.add(this.#onDemand.stop());
    this.#onDemand = null;
    if (config === null) return;
    const { log, now } = this.#parts;
    const parts = this.#certificateParts(new Places(config.concurrency), (_before, after) => {
      if (after !== null) this.#endings.add(this.#expired.run());
    });
    this.#onDemand = new OnDemand(
      {
        log,
        now,
        make: (name, { order }) => {
          const terms = this.#terms({ names: [name], order });
          return order.keyTypes.map((keyType) => new ManagedCertificate(parts, terms, keyType));
        },
      },
      config,
    );
  }

  #certificateParts(places: Places, onUse: CertificateParts['onUse']): CertificateParts {
    const { log, now, random, sleep } = this.#parts;
    return {
      storage: this.#storage,
      store: this.#store,
      failureNotes: this.#failureNotes,
      log,
      now,
      random,
      sleep,
      places,
      hasStaple: (certificate, signal) => this.#staples.prepare(certificate, signal),
      onUse: (before, after) => {
        if (before !== null) this.#staples.remove(before);
        if (after !== null) this.#staples.add(after);
        onUse(before, after);
        this.#parts.onChange();
      },
    };
  }

  #terms({ names, order }: ManagedCertificateConfig): OrderTerms {
    const { challenges, mustStaple, issuers } = order;
    return {
      names,
      challenges,
      mustStaple,
      issuers: issuers.map((issuer) => this.#issuers.get(issuer, order)),
    };
  }

  #othersChanged(): void {
    const imported = this.#onlyImported().map(({ pair }) => pair);
    this.#served.serve([...imported, ...this.#local.pairs]);
    this.#parts.onChange();
  }

  /** Without those that are kept valid because the config names them. */
  #onlyImported(): readonly ImportedCertificate[] {
    const places = new Set([...this.#managed.values()].map(({ certificate }) => entryKey(certificate.place)));
    return this.#imported.all.filter(({ place }) => !places.has(entryKey(place)));
  }

  *#certificates(): Iterable<ManagedCertificate> {
    for (const { certificate } of this.#managed.values()) yield certificate;
    if (this.#onDemand !== null) yield* this.#onDemand.certificates();
  }

  #replaceRevoked(cert: string): void {
    const revoked = [...this.#certificates()].find(({ pair }) => pair?.cert === cert);
    // What becomes of the order is logged by itself.
    revoked
      ?.noteRevoked()
      .then(() => revoked.renew())
      .catch(() => undefined);
  }
}

function managedKey({ names }: ManagedCertificateConfig, keyType: string): string {
  return `${names[0]} ${keyType}`;
}
