import type { CertificatesConfig } from '../core/shared/certificates-config.ts';
import { CertificateKeeper, type KeeperParts } from './certificate-keeper.ts';
import type { CertificatePair } from './certificate-pair.ts';
import type { ObtainedCertificates } from './certificate-set.ts';
import type { CommandTarget } from './command-target.ts';
import { Endings } from './endings.ts';
import type { CertificateStatus } from './certificate-status.ts';
import type { OnDemandAnswer } from './on-demand.ts';
import { Placeholders } from './placeholders.ts';
import { Places } from './places.ts';
import { plainName, wildcardAbove } from './sni.ts';
import { StorageError, type Storage } from './storage.ts';

export interface ManagerParts extends KeeperParts {
  /** `folder`: `CertificatesConfig.storage`. Throws StorageError. */
  readonly openStorage: (folder: string) => Promise<Storage>;
}

/** Orders of the names in the config that run at a time: a CA has many customers. */
const MANAGED_ORDERS = 8;

/** Certificates that are not from files: obtains them before they are needed, and knows which one serves a name. */
export class CertificateManager implements ObtainedCertificates {
  readonly #parts: ManagerParts;
  readonly #places = new Places(MANAGED_ORDERS);
  readonly #placeholders: Placeholders;
  /** By folder: while one config takes the place of another there may be two. */
  readonly #keepers = new Map<string, CertificateKeeper>();
  readonly #endings = new Endings();
  #config: CertificatesConfig | null = null;
  /** Calls of `prepare` and `use` under way: what they change is told at their end, not certificate by certificate. */
  #changing = 0;

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
    this.#changing += 1;
    try {
      await (this.#keepers.get(config.storage) ?? (await this.#open(config.storage))).prepare(config);
      return [];
    } catch (error) {
      if (error instanceof StorageError) return [`certificates.storage: ${error.message}`];
      throw error;
    } finally {
      this.#changing -= 1;
      this.#changed();
    }
  }

  /** From now on what this config names is kept valid, and nothing else. It was prepared. */
  use(config: CertificatesConfig | null): void {
    const before = this.#config;
    this.#config = config;
    this.#changing += 1;
    for (const [folder, keeper] of this.#keepers) if (folder !== config?.storage) this.#end(folder, keeper);
    if (config !== null) this.#keeper()?.use(config, before?.storage === config.storage ? before : null);
    this.#changing -= 1;
    this.#changed();
  }

  exact(serverName: string): readonly CertificatePair[] {
    return this.#find(plainName(serverName));
  }

  wildcard(serverName: string): readonly CertificatePair[] {
    return this.#find(wildcardAbove(serverName));
  }

  first(): readonly CertificatePair[] {
    const { managed = [], selfSigned = [] } = this.#config ?? {};
    for (const { names } of managed) {
      const [name = ''] = names;
      const exact = this.exact(name);
      const pairs = exact.length > 0 ? exact : this.wildcard(name);
      if (pairs.length > 0) return pairs;
    }
    return this.#find(selfSigned[0] ?? '');
  }

  staple(pair: CertificatePair): string | null {
    for (const keeper of this.#keepers.values()) {
      const staple = keeper.staple(pair);
      if (staple !== null) return staple;
    }
    return null;
  }

  /** Stands in for a certificate that is to come. `serverName` empty: for those who ask for an unknown name. null: none is to come. */
  async placeholder(serverName: string): Promise<CertificatePair | null> {
    const names =
      serverName === ''
        ? (this.#config?.managed[0]?.names.slice(0, 1) ?? [])
        : [plainName(serverName), wildcardAbove(serverName)].filter((each) => this.#isManaged(each));
    const [name] = names;
    return name === undefined ? null : this.#placeholders.get(name);
  }

  /** For a name that nothing else serves. */
  async onDemand(serverName: string, allowedByRule: boolean): Promise<OnDemandAnswer> {
    return this.#keeper()?.onDemand(serverName, allowedByRule) ?? { kind: 'none' };
  }

  status(): readonly CertificateStatus[] {
    return [...this.#keepers.values()].flatMap((keeper) => keeper.status());
  }

  /** What commands are about; null: the config has no certificates. */
  commandTarget(): CommandTarget | null {
    return this.#config === null ? null : (this.#keeper()?.commandTarget(this.#config) ?? null);
  }

  /** Resolves when nothing runs any more; what was under way can be gone on with at the next start. */
  async close(): Promise<void> {
    for (const [folder, keeper] of this.#keepers) this.#end(folder, keeper);
    await this.#endings.all();
  }

  /** Of what is in use. */
  #keeper(): CertificateKeeper | undefined {
    return this.#config === null ? undefined : this.#keepers.get(this.#config.storage);
  }

  async #open(folder: string): Promise<CertificateKeeper> {
    const storage = await this.#parts.openStorage(folder);
    const parts = { ...this.#parts, onChange: () => this.#changed() };
    const keeper = new CertificateKeeper(parts, storage, this.#places);
    this.#keepers.set(folder, keeper);
    return keeper;
  }

  #end(folder: string, keeper: CertificateKeeper): void {
    this.#keepers.delete(folder);
    this.#endings.add(keeper.close());
  }

  #changed(): void {
    if (this.#changing === 0) this.#parts.onChange();
  }

  /** `name`: as configs have it. */
  #find(name: string): readonly CertificatePair[] {
    for (const keeper of this.#keepers.values()) {
      const pairs = keeper.find(name);
      if (pairs.length > 0) return pairs;
    }
    return [];
  }

  #isManaged(name: string): boolean {
    return [...this.#keepers.values()].some((keeper) => keeper.isManaged(name));
  }
}
