import type { KeyType } from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import { BackOff, type FailedOrder } from './back-off.ts';
import { pairId, type CertificatePair } from './certificate-pair.ts';
import type { CertificateStore, EntryPlace, StoredCertificate, StoredEntry } from './certificate-store.ts';
import type { FailureNotes } from './failure-notes.ts';
import { IssuerError } from './issuer.ts';
import { needsStaple } from './ocsp.ts';
import { Orders, type OrderTerms } from './order.ts';
import type { Places } from './places.ts';
import {
  noteWindow,
  renewalTime,
  sleepMs,
  standing,
  steadyRandom,
  windowRetryMs,
  type KnownWindow,
} from './renewal.ts';
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
  /** Another certificate is in place, or none. */
  readonly onChange: () => void;
}

/** In times since the epoch, milliseconds. */
export interface CertificateState {
  /** null: there is none yet. */
  readonly entry: StoredEntry | null;
  readonly isOrdering: boolean;
  /** When the next order is due. */
  readonly nextOrderAt: number;
  readonly lastError: FailedOrder | null;
  readonly standing: ReturnType<typeof standing> | 'missing';
}

/** No look at the storage for longer than that: another process may have renewed it. */
const LOOK_EVERY_MS = 10 * 60_000;
/** Nor, while ours fail, for longer than that: somebody else's order may not. */
const LOOK_WHILE_FAILING_MS = 30_000;

/** Between two orders that succeed; less for those that live for hours. */
const LEAST_PAUSE_MS = 60 * 60_000;

const DAY_MS = 24 * 60 * 60_000;

/**
 * One certificate of one type of key, kept valid: what the storage has is served, and what is missing or due is
 * ordered under a lock that all processes with this storage share.
 */
export class ManagedCertificate {
  readonly place: EntryPlace;
  readonly #parts: CertificateParts;
  readonly #orders: Orders;
  readonly #backOff: BackOff;
  #terms: OrderTerms;
  #entry: StoredEntry | null = null;
  #pair: CertificatePair | null = null;
  /** In the storage, and not in place yet. */
  #held: StoredEntry | null = null;
  #window: KnownWindow | null = null;
  #askWindowAt = 0;
  #windowFailures = 0;
  #isOrdering = false;
  /** By the last order. */
  #tried: OrderTerms | null = null;
  #isForced = false;
  #warnedOf: string | null = null;
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
  }

  get names(): readonly string[] {
    return this.#terms.names;
  }

  /** What is served; null: there is none that is valid for these names. */
  get pair(): CertificatePair | null {
    return this.#pair;
  }

  get state(): CertificateState {
    const { now } = this.#parts;
    const entry = this.#entry;
    return {
      entry,
      isOrdering: this.#isOrdering,
      nextOrderAt: Math.max(this.#dueAt(), this.#backOff.until),
      lastError: this.#backOff.lastError,
      standing: entry === null ? 'missing' : standing(entry.certificate, this.#dueAt(), now()),
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
    if (found === null) await this.#restore();
    else if (found.certificate.cert !== this.#entry?.certificate.cert) await this.#offer(found);
  }

  /** A storage that loses something while we run takes it neither from those who are served, nor makes an order necessary. */
  async #restore(): Promise<void> {
    const { store, log } = this.#parts;
    const entry = this.#held ?? this.#entry;
    if (entry === null) return;
    await store.save(this.place, entry.certificate, entry.notes);
    log.warn({ ...this.place }, 'a certificate was gone from the storage, and was stored again');
  }

  /** From now on it is kept valid. */
  start(): void {
    if (this.#life !== null) return;
    this.#life = new AbortController();
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

  /** What is in place was revoked: it is due from now on, after a restart as well. */
  async noteRevoked(): Promise<void> {
    const { now, store } = this.#parts;
    const entry = this.#entry;
    if (entry === null) return;
    const { certificate, notes } = entry;
    const at = new Date(now());
    const past = { start: certificate.notBefore, end: at, explanationUrl: null, renewAt: at, lookAt: at };
    this.#window = past;
    await store.saveNotes(this.place, certificate, { ...notes, window: past });
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
    this.#life?.abort(new IssuerError('aborted', 'it is not wanted any more'));
    this.#life = null;
    await this.#running;
    this.#settle(new IssuerError('aborted', 'it is not wanted any more'));
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
      const { now, sleep } = this.#parts;
      const { nextOrderAt } = this.state;
      const until = Math.min(nextOrderAt, this.#entry === null ? Infinity : this.#askWindowAt);
      const ms = this.#isForced
        ? 0
        : Math.min(
            sleepMs(until, now()),
            this.#backOff.failures > 0 || this.#held !== null ? LOOK_WHILE_FAILING_MS : LOOK_EVERY_MS,
          );
      if (ms > 0) await sleep(ms, AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { now } = this.#parts;
    await this.look();
    await this.#askForWindow(signal);
    if (this.#isDue() && this.#backOff.until <= now()) await this.#order(signal);
    else if (this.#entry !== null && !this.#isForced && !this.#isDue()) this.#settle(null);
  }

  #isDue(): boolean {
    return this.#isForced || this.#dueAt() <= this.#parts.now();
  }

  #dueAt(): number {
    const entry = this.#held ?? this.#entry;
    if (entry === null || !coversAll(entry, this.#terms.names)) return 0;
    const { certificate } = entry;
    const { at } = renewalTime(certificate, this.#window, steadyRandom(certificate.serial));
    const obtainedAt = entry.notes.obtainedAt.getTime();
    // A CA that wants each new one to be renewed at once would have one order follow the other without end. What it, or a
    // revocation, has made due since is due.
    const isDueFromStart = at < obtainedAt && obtainedAt <= this.#parts.now();
    return isDueFromStart ? obtainedAt + leastPauseMs(certificate) : at;
  }

  async #order(signal: AbortSignal): Promise<void> {
    const { places, storage, log } = this.#parts;
    const leave = await places.take(signal);
    try {
      const unlock = await storage.lock(`certificates/${this.place.name}.${this.place.keyType}`, signal);
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
        const entry = await this.#orders.run(terms, this.place, this.#entry, signal);
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
    const leftMs = this.#entry === null ? null : this.#entry.certificate.notAfter.getTime() - now();
    // What was not tried yet is not to wait for what was.
    const isOutdated = this.#tried !== null && this.#tried !== this.#terms;
    this.#tried = null;
    await this.#backOff.failed(error, isOutdated ? null : this.#terms, leftMs);
    const { failures, until, lastError } = this.#backOff;
    const message = lastError?.message;
    const fields = {
      names: this.#terms.names,
      keyType: this.place.keyType,
      failures,
      problem: message,
      retryAt: new Date(until).toISOString(),
      ...(this.#entry === null ? {} : { notAfter: this.#entry.certificate.notAfter.toISOString() }),
    };
    // A storage that fails is told of once for all.
    log[error instanceof StorageError ? 'debug' : 'error'](fields, 'no certificate could be obtained');
    this.#settle(error instanceof Error ? error : new Error(String(error)));
  }

  /** RFC 9773: the CA may want it to be renewed at another time. */
  async #askForWindow(signal: AbortSignal): Promise<void> {
    const { now, random, store, log } = this.#parts;
    const entry = this.#entry;
    // Never more than a day away, unless the clock was set.
    if (entry === null || (now() < this.#askWindowAt && this.#askWindowAt - now() < 2 * DAY_MS)) return;
    const issuer = this.#terms.issuers.find(({ directory }) => directory === entry.certificate.issuer);
    if (issuer === undefined) {
      this.#askWindowAt = now() + DAY_MS;
      return;
    }
    try {
      const answer = await issuer.renewalInfo(entry.certificate.cert, signal);
      this.#windowFailures = 0;
      if (answer === null) {
        this.#askWindowAt = now() + windowRetryMs(30, random());
        return;
      }
      const window = noteWindow(answer, this.#window, now(), random());
      const isNew = window.renewAt.getTime() !== this.#window?.renewAt.getTime();
      this.#window = window;
      this.#askWindowAt = window.lookAt.getTime();
      if (isNew && window.explanationUrl !== null)
        log.info({ ...this.place, explanation: window.explanationUrl }, 'the CA says when to renew');
      await store.saveNotes(this.place, entry.certificate, { ...entry.notes, window });
    } catch (error) {
      if (signal.aborted) throw error;
      this.#windowFailures += 1;
      this.#askWindowAt = now() + windowRetryMs(this.#windowFailures, random());
      log.debug({ ...this.place, err: error }, 'the CA did not say when to renew');
    }
  }

  /** Takes it, unless clients refuse it for want of a staple and there is one that they take. */
  async #offer(entry: StoredEntry): Promise<void> {
    const { now, hasStaple, log } = this.#parts;
    const works = this.#entry !== null && this.#entry.certificate.notAfter.getTime() > now();
    const signal = this.#life?.signal ?? AbortSignal.timeout(LOOK_WHILE_FAILING_MS);
    if (!works || !needsStaple(entry.certificate.cert) || (await hasStaple(entry.certificate, signal))) {
      this.#take(entry);
      return;
    }
    if (this.#held === null)
      log.warn(
        { ...this.place },
        'the new certificate has no OCSP staple yet; that of before goes on serving',
      );
    this.#held = entry;
  }

  #take(entry: StoredEntry): void {
    const before = this.#pair?.id;
    this.#held = null;
    this.#entry = entry;
    this.#window = entry.notes.window;
    this.#askWindowAt = this.#window?.lookAt.getTime() ?? 0;
    this.#pair = pairOf(entry);
    if (this.#pair.id !== before) this.#parts.onChange();
  }

  /** Once for each state of each certificate. */
  #warn(): void {
    const { log } = this.#parts;
    const { entry, standing: state } = this.state;
    if (entry === null || state === 'missing' || state === 'fine') return;
    const { serial, notAfter, notBefore } = entry.certificate;
    const key = `${serial} ${state}`;
    if (this.#warnedOf === key) return;
    this.#warnedOf = key;
    const fields = { names: entry.certificate.names, keyType: this.place.keyType };
    if (state === 'early')
      log.warn({ ...fields, notBefore: notBefore.toISOString() }, 'a certificate is not valid yet');
    else
      log.warn(
        { ...fields, notAfter: notAfter.toISOString(), lastError: this.#backOff.lastError?.message ?? null },
        state === 'expired' ? 'a certificate has expired' : 'a certificate expires soon',
      );
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

function coversAll({ certificate }: StoredEntry, names: readonly string[]): boolean {
  const there = new Set(certificate.names);
  return names.every((name) => there.has(name));
}

function leastPauseMs({ notBefore, notAfter }: StoredCertificate): number {
  return Math.min(LEAST_PAUSE_MS, (notAfter.getTime() - notBefore.getTime()) / 10);
}

/** As handshakes need it. */
export function pairOf({ certificate }: StoredEntry): CertificatePair {
  const { cert, key, names, notAfter, keyType } = certificate;
  return {
    id: pairId(cert, key),
    cert,
    key,
    keyType: keyType.startsWith('rsa') ? 'rsa' : 'ec',
    names,
    notAfter,
    ocsp: null,
  };
}
