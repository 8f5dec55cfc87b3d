import type { KeyType } from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import { BackOff, type FailedOrder } from './back-off.ts';
import type { CertificatePair } from './certificate-pair.ts';
import {
  lockName,
  type CertificateStore,
  type EntryPlace,
  type StoredCertificate,
  type StoredEntry,
} from './certificate-store.ts';
import { EntryInUse } from './entry-in-use.ts';
import { ExpiryWarnings } from './expiry-warnings.ts';
import type { FailureNotes } from './failure-notes.ts';
import { IssuerError } from './issuer.ts';
import { dueAt, leastPauseMs, LOOK_WHILE_FAILING_MS, restMs } from './order-timing.ts';
import { Orders, type OrderTerms } from './order.ts';
import type { Places } from './places.ts';
import { RenewalWindow } from './renewal-window.ts';
import { standing, type Standing } from './renewal.ts';
import { StorageError, type Storage } from './storage.ts';

export interface CertificateParts {
  readonly storage: Storage;
  readonly store: CertificateStore;
  readonly failureNotes: FailureNotes;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** Resolves after that long, or when the signal says so. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Orders that may run at a time. */
  readonly places: Places;
  /** Whether an OCSP staple is at hand, or can be had. */
  readonly hasStaple: (certificate: StoredCertificate, signal: AbortSignal) => Promise<boolean>;
  /** What is in use has changed. Called from the start to the stop: with null for what is not there, or not any more. */
  readonly onUse: (before: CertificatePair | null, after: CertificatePair | null) => void;
}

/** In times since the epoch, milliseconds. */
export interface CertificateState {
  /** null: there is none yet. */
  readonly entry: StoredEntry | null;
  readonly isOrdering: boolean;
  /** When the next order is due. */
  readonly nextOrderAt: number;
  readonly lastError: FailedOrder | null;
  readonly standing: Standing | 'missing';
}

/**
 * One certificate of one type of key, kept valid: what the storage has is served, and what is missing or due is
 * ordered under a lock that all processes with this storage share.
 */
export class ManagedCertificate {
  readonly place: EntryPlace;
  readonly #parts: CertificateParts;
  readonly #orders: Orders;
  readonly #backOff: BackOff;
  readonly #inUse: EntryInUse;
  readonly #window: RenewalWindow;
  readonly #warnings: ExpiryWarnings;
  #terms: OrderTerms;
  #isOrdering = false;
  /** By the last order. */
  #tried: OrderTerms | null = null;
  #isForced = false;
  #life: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();
  #wake = new AbortController();
  /** Those who wait for the end of the next order. */
  #waiting: PromiseWithResolvers<void> | null = null;

  constructor(parts: CertificateParts, terms: OrderTerms, keyType: KeyType) {
    this.#parts = parts;
    this.#orders = new Orders(parts);
    this.#terms = terms;
    const [name = ''] = terms.names;
    this.place = { name, keyType };
    this.#backOff = new BackOff(parts, this.place);
    this.#inUse = new EntryInUse(parts, this.place);
    this.#window = new RenewalWindow(parts, this.place);
    this.#warnings = new ExpiryWarnings(parts.log, 'a certificate');
  }

  get names(): readonly string[] {
    return this.#terms.names;
  }

  /** What is served; null: there is none yet. */
  get pair(): CertificatePair | null {
    return this.#inUse.pair;
  }

  get state(): CertificateState {
    const { entry } = this.#inUse;
    const due = this.#dueAt();
    return {
      entry,
      isOrdering: this.#isOrdering,
      nextOrderAt: Math.max(due, this.#backOff.until),
      lastError: this.#backOff.lastError,
      standing: entry === null ? 'missing' : standing(entry.certificate, due, this.#parts.now()),
    };
  }

  /** Takes what the storage has. Throws what the storage throws. */
  async look(): Promise<void> {
    const { store, log } = this.#parts;
    await this.#backOff.load(this.#terms);
    const result = await store.loadEntry(this.place);
    if (!result.ok) {
      const { problem, movedTo } = result;
      log.error({ ...this.place, problem, movedTo }, 'a stored certificate cannot be used and was set aside');
    }
    const found = result.ok ? result.entry : null;
    if (found === null) await this.#inUse.restore();
    else if (found.certificate.cert !== this.#inUse.entry?.certificate.cert) await this.#offer(found);
  }

  /** From now on it is kept valid. */
  start(): void {
    if (this.#life !== null) return;
    this.#life = new AbortController();
    if (this.pair !== null) this.#parts.onUse(null, this.pair);
    this.#running = this.#run(this.#life.signal);
  }

  /** Other terms from the next order on; those that have failed are tried again at once. */
  change(terms: OrderTerms): void {
    this.#terms = terms;
    this.#backOff.reset();
    this.#awake();
  }

  /** Orders it anew whatever there is. Resolves when it is in place; rejects with what went wrong. */
  renew(): Promise<void> {
    this.#isForced = true;
    return this.nextOrder();
  }

  /** What is in use was revoked: it is due from now on. Throws what the storage throws. */
  async noteRevoked(): Promise<void> {
    const { entry } = this.#inUse;
    if (entry !== null) await this.#window.close(entry);
  }

  /** The end of the order that runs or is due: at once, whatever the back-off. */
  nextOrder(): Promise<void> {
    this.#waiting ??= Promise.withResolvers();
    this.#backOff.skip();
    this.#awake();
    return this.#waiting.promise;
  }

  /** Resolves when nothing runs any more; an order that was under way can be gone on with later. */
  async stop(): Promise<void> {
    const reason = new IssuerError('aborted', 'it is not wanted any more');
    if (this.#life !== null && this.pair !== null) this.#parts.onUse(this.pair, null);
    this.#life?.abort(reason);
    this.#life = null;
    await this.#running;
    this.#settle(reason);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Before the step: who calls meanwhile must not be slept over.
      this.#wake = new AbortController();
      try {
        await this.#step(signal);
      } catch (error) {
        if (!signal.aborted) await this.#failed(error);
      }
      this.#warn();
      const ms = this.#isForced ? 0 : this.#restMs();
      if (ms > 0) await this.#parts.sleep(ms, AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    await this.look();
    const { entry } = this.#inUse;
    if (entry !== null) await this.#window.ask(entry, this.#terms.issuers, signal);
    if (!this.#isDue()) this.#settle(null);
    else if (this.#backOff.until <= this.#parts.now()) await this.#order(signal);
  }

  #isDue(): boolean {
    return this.#isForced || this.#dueAt() <= this.#parts.now();
  }

  #dueAt(): number {
    return dueAt(this.#inUse.newest, this.#terms.names, this.#window.known, this.#parts.now());
  }

  #restMs(): number {
    const next = {
      orderAt: this.state.nextOrderAt,
      askAt: this.#inUse.entry === null ? Infinity : this.#window.askAt,
      isUneasy: this.#backOff.failures > 0 || this.#inUse.isHolding,
    };
    return restMs(next, this.#parts.now());
  }

  async #order(signal: AbortSignal): Promise<void> {
    const { places, storage, log } = this.#parts;
    const leave = await places.take(signal);
    try {
      const unlock = await storage.lock(lockName(this.place), signal);
      try {
        // Another process may have been faster.
        await this.look();
        if (!this.#isDue()) {
          this.#settle(null);
          return;
        }
        this.#isOrdering = true;
        const terms = this.#terms;
        this.#tried = terms;
        const entry = await this.#orders.run(terms, this.place, this.#inUse.entry, signal);
        this.#isForced = false;
        // Whatever the CA sent, one order does not follow the other without end.
        await this.#backOff.succeeded(terms === this.#terms ? leastPauseMs(entry.certificate) : 0);
        await this.#offer(entry);
        const { names, issuer, notAfter, serial } = entry.certificate;
        log.info(
          { names, keyType: this.place.keyType, issuer, serial, notAfter: notAfter.toISOString() },
          'certificate obtained',
        );
        this.#settle(null);
      } finally {
        this.#isOrdering = false;
        await unlock();
      }
    } finally {
      leave();
    }
  }

  async #failed(error: unknown): Promise<void> {
    const { now, log } = this.#parts;
    this.#isForced = false;
    const notAfter = this.#inUse.entry?.certificate.notAfter;
    const leftMs = notAfter === undefined ? null : notAfter.getTime() - now();
    // What was not tried yet is not to wait for what was.
    const isOutdated = this.#tried !== null && this.#tried !== this.#terms;
    this.#tried = null;
    await this.#backOff.failed(error, isOutdated ? null : this.#terms, leftMs);
    const { failures, until, lastError } = this.#backOff;
    const fields = {
      names: this.#terms.names,
      keyType: this.place.keyType,
      failures,
      problem: lastError?.message,
      retryAt: new Date(until).toISOString(),
      ...(notAfter === undefined ? {} : { notAfter: notAfter.toISOString() }),
    };
    // A storage that fails is told of once for all.
    log[error instanceof StorageError ? 'debug' : 'error'](fields, 'no certificate could be obtained');
    this.#settle(error instanceof Error ? error : new Error(String(error)));
  }

  async #offer(entry: StoredEntry): Promise<void> {
    const before = this.pair;
    const signal = this.#life?.signal ?? AbortSignal.timeout(LOOK_WHILE_FAILING_MS);
    if (!(await this.#inUse.offer(entry, signal))) return;
    this.#window.take(entry);
    if (this.#life !== null && this.pair?.id !== before?.id) this.#parts.onUse(before, this.pair);
  }

  #warn(): void {
    const { entry, standing: stands, lastError } = this.state;
    if (entry === null || stands === 'missing') return;
    this.#warnings.warn(entry.certificate, stands, { lastError: lastError?.message ?? null });
  }

  #settle(error: Error | null): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    // Not everybody who starts an order waits for its end.
    waiting.promise.catch(() => undefined);
    if (error === null) waiting.resolve();
    else waiting.reject(error);
  }

  #awake(): void {
    this.#wake.abort();
  }
}
