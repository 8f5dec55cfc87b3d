import type { OnDemandConfig } from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import { LruMap } from '../core/shared/lru-map.ts';
import { askFor, isListed } from './ask.ts';
import type { CertificatePair } from './certificate-pair.ts';
import type { ManagedCertificate } from './managed-certificate.ts';
import { RateWindow } from './rate-window.ts';
import { plainName } from './sni.ts';

export interface OnDemandParts {
  readonly log: Logger;
  readonly now: () => number;
  /** One for each type of key. */
  readonly make: (name: string, config: OnDemandConfig) => readonly ManagedCertificate[];
}

export type OnDemandAnswer =
  | { readonly kind: 'found'; readonly pairs: readonly CertificatePair[] }
  | { readonly kind: 'none' }
  /** Only the rule script of the listener can say. */
  | { readonly kind: 'ask-rule' };

const NONE: OnDemandAnswer = { kind: 'none' };

/** A fully qualified name: no address, no wildcard, no single label. */
const NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that are being asked about or ordered, of all that clients may come up with. */
const MOST_PENDING = 1000;
/** Names that were denied. */
const MOST_DENIED = 10_000;
/** Where nobody could be asked, it is tried again soon. */
const UNKNOWN_MS = 10_000;

/**
 * A name that nobody asked for in so long, nor since its present certificate is in place, is not renewed any more. Workers ask
 * anew for a name after each change of its certificate, but not before: what they have, they serve without a word.
 */
const IDLE_MS = 30 * 24 * 60 * 60_000;
const LOOK_FOR_IDLE_EVERY_MS = 60 * 60_000;

interface KeptName {
  readonly certificates: readonly ManagedCertificate[];
  askedAt: number;
}

/** Certificates that are obtained when the first client asks for them. */
export class OnDemand {
  readonly #parts: OnDemandParts;
  readonly #names = new Map<string, KeptName>();
  readonly #pending = new Map<string, Promise<OnDemandAnswer>>();
  readonly #denied = new LruMap<string, { readonly since: number; readonly until: number }>(MOST_DENIED);
  readonly #life = new AbortController();
  readonly config: OnDemandConfig;
  readonly #rate: RateWindow;
  #toldOfLimit = 0;
  #lookedForIdleAt = -Infinity;

  constructor(parts: OnDemandParts, config: OnDemandConfig) {
    this.#parts = parts;
    this.config = config;
    this.#rate = new RateWindow(config.rate.orders, config.rate.perMs);
  }

  /** Those that are there or on their way. */
  *certificates(): Iterable<ManagedCertificate> {
    for (const { certificates } of this.#names.values()) yield* certificates;
  }

  /** What is there for a name; everybody who asks for one that has to be obtained waits for the same order. */
  async find(serverName: string, allowedByRule: boolean): Promise<OnDemandAnswer> {
    const name = plainName(serverName);
    if (!NAME.test(name)) return NONE;
    const known = this.#known(name);
    if (known.length > 0) {
      this.#use(name);
      return { kind: 'found', pairs: known };
    }
    const pending = this.#pending.get(name);
    if (pending !== undefined) {
      const answer = await pending;
      // Who asked first had not asked the rule yet.
      return answer.kind === 'ask-rule' && allowedByRule ? this.find(name, true) : answer;
    }
    const { ask } = this.config;
    if (ask.kind === 'names' && !isListed(ask.names, name)) return NONE;
    if (this.#isDenied(name)) return NONE;
    if (this.#pending.size >= MOST_PENDING) return NONE;
    const answer = this.#obtain(name, allowedByRule)
      .catch((error: unknown) => {
        this.#parts.log.error({ name, err: error }, 'a certificate on demand failed');
        return NONE;
      })
      .finally(() => this.#pending.delete(name));
    this.#pending.set(name, answer);
    return answer;
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#life.abort();
    const all = [...this.certificates()];
    this.#names.clear();
    await Promise.all(all.map((certificate) => certificate.stop()));
    await Promise.allSettled(this.#pending.values());
  }

  /** One that has expired, since it could not be renewed, has to be allowed again. */
  #known(name: string): readonly CertificatePair[] {
    const pairs = (this.#names.get(name)?.certificates ?? []).flatMap(({ pair }) => pair ?? []);
    return pairs.filter(({ notAfter }) => notAfter.getTime() > this.#parts.now());
  }

  #deny(name: string, ms: number): void {
    const since = this.#parts.now();
    this.#denied.set(name, { since, until: since + ms });
  }

  #isDenied(name: string): boolean {
    const [denied, now] = [this.#denied.get(name), this.#parts.now()];
    // A clock that was set back says nothing of how long it was.
    return denied !== undefined && now >= denied.since && now < denied.until;
  }

  async #obtain(name: string, allowedByRule: boolean): Promise<OnDemandAnswer> {
    const { make } = this.#parts;
    await this.#forget(name);
    const certificates = make(name, this.config);
    for (const certificate of certificates) await certificate.look();
    // It was allowed when it was obtained.
    const isStored = certificates.some(
      ({ pair }) => pair !== null && pair.notAfter.getTime() > this.#parts.now(),
    );
    if (!isStored) {
      // It failed, and that need not have been in this process.
      if (certificates.every(({ state }) => state.nextOrderAt > this.#parts.now())) {
        this.#deny(name, this.config.negativeCacheMs);
        return NONE;
      }
      const refusal = await this.#mayOrder(name, allowedByRule);
      if (refusal !== null) return refusal;
    }
    await this.#makeRoom();
    if (this.#names.size >= this.config.maxNames) {
      this.#tellOfLimit(name, 'maxNames');
      return NONE;
    }
    if (this.#life.signal.aborted) return NONE;
    this.#names.set(name, { certificates, askedAt: this.#parts.now() });
    for (const certificate of certificates) certificate.start();
    if (!isStored) await Promise.any(certificates.map((each) => each.nextOrder())).catch(() => undefined);
    const pairs = this.#known(name);
    if (pairs.length > 0) {
      this.#use(name);
      return { kind: 'found', pairs };
    }
    this.#deny(name, this.config.negativeCacheMs);
    await this.#forget(name);
    return NONE;
  }

  /** null: it may. */
  async #mayOrder(name: string, allowedByRule: boolean): Promise<OnDemandAnswer | null> {
    const { log, now } = this.#parts;
    const { ask, negativeCacheMs } = this.config;
    const said = await askFor(ask, name, allowedByRule, this.#life.signal);
    switch (said.answer) {
      case 'ask-rule':
        return { kind: 'ask-rule' };
      case 'no':
        this.#deny(name, negativeCacheMs);
        return NONE;
      case 'unknown':
        this.#deny(name, Math.min(UNKNOWN_MS, negativeCacheMs));
        log.warn({ name, problem: said.problem }, 'nobody could be asked for a certificate on demand');
        return NONE;
      case 'yes':
        if (this.#rate.take(now())) return null;
        this.#tellOfLimit(name, 'rate');
        return NONE;
    }
  }

  async #forget(name: string): Promise<void> {
    const certificates = this.#names.get(name)?.certificates ?? [];
    this.#names.delete(name);
    await Promise.all(certificates.map((certificate) => certificate.stop()));
  }

  /** What is used is kept valid, also after it was let be. */
  #use(name: string): void {
    const kept = this.#names.get(name);
    if (kept === undefined) return;
    kept.askedAt = this.#parts.now();
    for (const certificate of kept.certificates) certificate.start();
  }

  /** For another name: what serves nobody any more leaves, and what nobody uses is left to expire. */
  async #makeRoom(): Promise<void> {
    const now = this.#parts.now();
    if (Math.abs(now - this.#lookedForIdleAt) >= LOOK_FOR_IDLE_EVERY_MS) {
      this.#lookedForIdleAt = now;
      const idle = [...this.#names.values()].filter((kept) => isIdle(kept, now));
      await Promise.all(idle.flatMap(({ certificates }) => certificates).map((each) => each.stop()));
    }
    if (this.#names.size < this.config.maxNames) return;
    for (const name of this.#names.keys()) {
      if (this.#pending.has(name) || this.#known(name).length > 0) continue;
      await this.#forget(name);
      return;
    }
  }

  /** Once a minute, whoever makes clients ask. */
  #tellOfLimit(name: string, limit: 'rate' | 'maxNames'): void {
    const { log, now } = this.#parts;
    if (now() - this.#toldOfLimit < 60_000) return;
    this.#toldOfLimit = now();
    log.warn(
      { name, limit: `certificates.onDemand.${limit}` },
      'a name got no certificate because of a limit',
    );
  }
}

function isIdle({ certificates, askedAt }: KeptName, now: number): boolean {
  return (
    now - askedAt >= IDLE_MS &&
    certificates.every(({ state: { entry } }) => entry === null || entry.notes.obtainedAt.getTime() > askedAt)
  );
}
