import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../core/shared/log.ts';
import type { StoredCertificate } from './certificate-store.ts';
import { KeptStaples } from './kept-staples.ts';
import {
  fetchStaple,
  ocspSource,
  refreshAt,
  stapleRetryMs,
  type OcspSource,
  type Staple,
  type StapleResult,
} from './ocsp.ts';
import { sleepMs } from './renewal.ts';
import type { Storage } from './storage.ts';

/** Questions under way: there may be thousands of certificates. */
const MAX_QUESTIONS = 4;

const HOUR_MS = 60 * 60 * 1000;

/** As much of a certificate as a staple is about. */
export type Stapled = Pick<StoredCertificate, 'names' | 'cert'>;

export interface StapleKeeperParts {
  /** null: every process asks for itself. */
  readonly storage: Storage | null;
  readonly log: Logger;
  readonly now: () => number;
  /** There is a new staple, or one is no longer there. */
  readonly onChange: () => void;
  /** The CA took it back: it should be replaced now. Called again every hour for as long as it is followed. */
  readonly onRevoked: (certificate: Stapled, revokedAt: Date) => void;
}

interface Followed {
  readonly certificate: Stapled;
  /** null: it names no responder; undefined: nobody has looked yet, which takes time. */
  source: OcspSource | null | undefined;
  staple: Staple | null;
  /** The next question. */
  dueAt: number;
  failures: number;
  /** Or about to be. */
  isAsked: boolean;
  /** How often it was added, and not removed. */
  uses: number;
}

/** Has a staple at hand for every certificate that names a responder, and renews it in good time. */
export class StapleKeeper {
  readonly #parts: StapleKeeperParts;
  readonly #kept: KeptStaples | null;
  /** By `cert`. */
  readonly #followed = new Map<string, Followed>();
  /** By the last call of `follow`. */
  #listed: readonly Stapled[] = [];
  /** Those that are due, the oldest first. */
  readonly #queue = new Set<Followed>();
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  /** `firesAt`: on the clock of performance.now(), which nobody sets. */
  #timer: { readonly handle: NodeJS.Timeout; readonly firesAt: number } | null = null;

  constructor(parts: StapleKeeperParts) {
    this.#parts = parts;
    this.#kept = parts.storage === null ? null : new KeptStaples(parts.storage, parts.now);
  }

  /** Sees to it from now on. */
  add(certificate: Stapled): void {
    const { cert } = certificate;
    const known = this.#followed.get(cert);
    if (known !== undefined) {
      known.uses += 1;
      return;
    }
    const fresh = { source: undefined, staple: null, dueAt: 0, failures: 0, isAsked: false, uses: 1 };
    this.#followed.set(cert, { certificate, ...fresh });
    this.#wakeAt(this.#parts.now());
  }

  /** As often as it was added. */
  remove({ cert }: Stapled): void {
    const followed = this.#followed.get(cert);
    if (followed === undefined) return;
    followed.uses -= 1;
    if (followed.uses > 0) return;
    this.#followed.delete(cert);
    this.#queue.delete(followed);
  }

  /** Sees to these from now on, instead of those that the call before has named. */
  follow(certificates: readonly Stapled[]): void {
    const before = this.#listed;
    this.#listed = certificates;
    for (const certificate of certificates) this.add(certificate);
    for (const certificate of before) this.remove(certificate);
    this.#wakeAt(this.#parts.now());
  }

  /** DER in base64; null: it has none that is good now. */
  staple({ cert }: Stapled): string | null {
    const staple = this.#followed.get(cert)?.staple ?? null;
    if (staple === null || staple.nextUpdate.getTime() <= this.#parts.now()) return null;
    return staple.response.toString('base64');
  }

  /**
   * Whether there is a staple for a certificate that is not followed yet; what is found is kept for when it is. For one
   * that clients refuse without (`needsStaple`), to be asked before it takes the place of one that works.
   */
  async prepare(certificate: Stapled, signal: AbortSignal): Promise<boolean> {
    const source = ocspSource(certificate.cert);
    if (source === null) return false;
    try {
      const result = await this.#obtain(source, AbortSignal.any([signal, this.#closing.signal]));
      return 'staple' in result;
    } catch (error) {
      signal.throwIfAborted();
      this.#parts.log.warn(
        { err: error, names: someOf(certificate) },
        'no OCSP staple for a new certificate',
      );
      return false;
    }
  }

  /** Resolves when nothing of it is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer.handle);
    await Promise.all(this.#underWay);
  }

  #wakeAt(at: number): void {
    const ms = sleepMs(at, this.#parts.now());
    const firesAt = performance.now() + ms;
    if (this.#closing.signal.aborted || (this.#timer !== null && this.#timer.firesAt <= firesAt)) return;
    if (this.#timer !== null) clearTimeout(this.#timer.handle);
    this.#timer = { handle: setTimeout(() => this.#wake(), ms).unref(), firesAt };
  }

  #wake(): void {
    this.#timer = null;
    const now = this.#parts.now();
    let next = Infinity;
    for (const followed of this.#followed.values()) {
      if (followed.isAsked) continue;
      if (followed.dueAt > now) next = Math.min(next, followed.dueAt);
      else {
        followed.isAsked = true;
        this.#queue.add(followed);
      }
    }
    if (next < Infinity) this.#wakeAt(next);
    this.#startNext();
  }

  #startNext(): void {
    for (const followed of this.#queue) {
      if (this.#underWay.size >= MAX_QUESTIONS || this.#closing.signal.aborted) return;
      this.#queue.delete(followed);
      const run = this.#refresh(followed).finally(() => {
        followed.isAsked = false;
        this.#underWay.delete(run);
        if (followed.dueAt < Infinity) this.#wakeAt(followed.dueAt);
        this.#startNext();
      });
      this.#underWay.add(run);
    }
  }

  async #refresh(followed: Followed): Promise<void> {
    const { certificate, staple: before } = followed;
    const { log, now, onChange, onRevoked } = this.#parts;
    const { signal } = this.#closing;
    try {
      const source = await sourceOf(followed);
      if (source === null) {
        followed.dueAt = Infinity;
        return;
      }
      const result = await this.#obtain(source, signal, before);
      if (signal.aborted || followed.uses === 0) return;
      followed.failures = 0;
      if ('staple' in result) {
        followed.staple = result.staple;
        followed.dueAt = refreshAt(result.staple, now(), Math.random());
      } else {
        followed.staple = null;
        followed.dueAt = now() + HOUR_MS;
        log.error({ names: someOf(certificate), revokedAt: result.revokedAt }, 'a certificate was revoked');
        onRevoked(certificate, result.revokedAt);
      }
    } catch (error) {
      if (signal.aborted || followed.uses === 0) return;
      this.#noteFailure(followed);
      log.warn({ err: error, names: someOf(certificate) }, 'no new OCSP staple; there will be another try');
    }
    if (followed.staple !== before) onChange();
  }

  #noteFailure(followed: Followed): void {
    const now = this.#parts.now();
    followed.failures += 1;
    followed.dueAt = now + stapleRetryMs(followed.failures, Math.random());
    if (followed.staple === null) return;
    const end = followed.staple.nextUpdate.getTime();
    if (end <= now) followed.staple = null;
    // Workers are to be told when it ends, not at the try after.
    else followed.dueAt = Math.min(followed.dueAt, end);
  }

  /** From the storage where another process or an earlier run left one that is newer than `before`, else from the responder. */
  async #obtain(
    source: OcspSource,
    signal: AbortSignal,
    before: Staple | null = null,
  ): Promise<StapleResult> {
    const { now, log } = this.#parts;
    const kept = (await this.#kept?.load(source)) ?? null;
    const isNewer = kept !== null && kept.thisUpdate.getTime() > (before?.thisUpdate.getTime() ?? 0);
    if (isNewer && refreshAt(kept, 0, 0.5) > now()) return { staple: kept };
    const result = await fetchStaple(source, now(), signal);
    if ('staple' in result)
      // Clients need it now; that it is kept spares a question after a restart.
      await this.#kept
        ?.save(source, result.staple)
        .catch((error: unknown) => log.debug({ err: error }, 'an OCSP staple could not be stored'));
    return result;
  }
}

/** One certificate a turn of the event loop: to read ten thousand takes a second. */
async function sourceOf(followed: Followed): Promise<OcspSource | null> {
  if (followed.source === undefined) {
    await setImmediate();
    followed.source = ocspSource(followed.certificate.cert);
  }
  return followed.source;
}

/** As many as a line of the log is good for. */
function someOf({ names }: Stapled): readonly string[] {
  return names.slice(0, 10);
}
