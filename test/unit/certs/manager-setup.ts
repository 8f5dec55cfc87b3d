import { onTestFinished } from 'vitest';
import { CertificateManager } from '../../../certs/manager.ts';
import type { Storage } from '../../../certs/storage.ts';
import type {
  CertificatesConfig,
  ManagedCertificateConfig,
  OnDemandConfig,
  OrderConfig,
} from '../../../core/shared/certificates-config.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeIssuer } from '../../support/fake-issuer.ts';
import { MemoryStorage } from '../../support/memory-storage.ts';
import { recordingLog } from '../../support/recording-log.ts';

export const CA = 'https://ca.test/dir';
export const OTHER_CA = 'https://other.test/dir';
/** Keys are made in the background. */
export const PATIENT = { timeout: 30_000 };
export const DAY = 86_400_000;

export function orderTerms(
  changes: Partial<OrderConfig> = {},
  directories: readonly string[] = [CA],
): OrderConfig {
  return {
    issuers: directories.map((directory) => ({
      directory,
      ca: null,
      contact: [],
      externalAccount: null,
      profile: null,
      preferredChain: null,
    })),
    keyTypes: ['ecdsa-p256'],
    challenges: ['http-01'],
    dns: null,
    mustStaple: false,
    ...changes,
  };
}

export function configOf(
  rows: readonly (string | ManagedCertificateConfig)[],
  changes: Partial<CertificatesConfig> = {},
): CertificatesConfig {
  return {
    storage: '/certificates',
    managed: rows.map((row) => (typeof row === 'string' ? { names: [row], order: orderTerms() } : row)),
    onDemand: null,
    selfSigned: [],
    ...changes,
  };
}

export function onDemandOf(changes: Partial<OnDemandConfig> = {}): OnDemandConfig {
  return {
    ask: { kind: 'names', names: ['*.test'] },
    order: orderTerms(),
    rate: { orders: 1000, perMs: 60_000 },
    concurrency: 20,
    negativeCacheMs: 60_000,
    maxNames: 1000,
    ...changes,
  };
}

/** A manager over fakes. Others over the same storage and clock are other processes. */
export class TestManager {
  readonly clock: FakeClock;
  readonly storage: Storage & MemoryStorage;
  readonly issuers: ReadonlyMap<string, FakeIssuer>;
  readonly manager: CertificateManager;
  readonly lines: ReturnType<typeof recordingLog>['lines'];
  changes = 0;

  constructor(beside?: TestManager, startsAt = Date.now()) {
    this.clock = beside?.clock ?? new FakeClock(startsAt);
    this.storage = beside?.storage ?? new MemoryStorage();
    this.issuers =
      beside?.issuers ?? new Map([CA, OTHER_CA].map((url) => [url, new FakeIssuer(this.clock.now, url)]));
    const { log, lines } = recordingLog();
    this.lines = lines;
    this.manager = new CertificateManager({
      log,
      now: this.clock.now,
      random: () => 0.5,
      sleep: this.clock.sleep,
      openStorage: async () => this.storage,
      issuerFor: ({ directory }) => this.issuer(directory),
      onChange: () => (this.changes += 1),
    });
  }

  issuer(directory = CA): FakeIssuer {
    const issuer = this.issuers.get(directory);
    if (issuer === undefined) throw new Error(`no issuer ${directory}`);
    return issuer;
  }

  async use(config: CertificatesConfig | null): Promise<readonly string[]> {
    const problems = await this.manager.prepare(config);
    if (problems.length === 0) this.manager.use(config);
    await this.clock.advance(0);
    return problems;
  }

  /** The certificate that serves a name; null: there is none. */
  served(name: string): string | null {
    const { manager } = this;
    return (manager.exact(name)[0] ?? manager.wildcard(name)[0])?.cert ?? null;
  }

  /** What the log has of this message, or all. */
  logged(message?: string): readonly string[] {
    return this.lines.map((line) => line.message).filter((each) => message === undefined || each === message);
  }
}

/** One that is closed when the test has finished. `beside`: another one with the same storage. */
export function start(beside?: TestManager): TestManager {
  const one = new TestManager(beside);
  onTestFinished(() => one.manager.close());
  return one;
}
