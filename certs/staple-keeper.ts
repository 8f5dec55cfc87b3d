import { z } from 'zod';
import type { Logger } from '../core/shared/log.ts';
import type { StoredCertificate } from './certificate-store.ts';
import {
  fetchStaple,
  ocspSource,
  readStaple,
  refreshAt,
  stapleRetryMs,
  type OcspSource,
  type Staple,
} from './ocsp.ts';
import { sleepMs } from './renewal.ts';
import type { Storage } from './storage.ts';

/** Questions under way: there may be thousands of certificates. */
const MAX_QUESTIONS = 4;

const HOUR_MS = 60 * 60 * 1000;

/** As much of a certificate as a staple is about. */
export type Stapled = Pick<StoredCertificate, 'names' | 'cert'>;

export interface StapleKeeperParts {
  readonly storage: Storage;
  readonly log: Logger;
  readonly now: () => number;
  /** There is a new staple, or one is no longer there. */
  readonly onChange: () => void;
  /** The CA took it back: it should be replaced now. Called again every hour for as long as it is followed. */
  readonly onRevoked: (certificate: Stapled, revokedAt: Date) => void;
}

interface Followed {
  readonly certificate: Stapled;
  readonly source: OcspSource;
  staple: Staple | null;
  /** The next question. */
  dueAt: number;
  failures: number;
  isAsked: boolean;
}

/** Has a staple at hand for every certificate that names a responder, and renews it in good time. */
export class StapleKeeper {
  readonly #parts: StapleKeeperParts;
  /** By fingerprint. */
  #followed = new Map<string, Followed>();
  /** By `cert`, which is not to be parsed at every look: null for one without a responder. */
  #sources = new Map<string, OcspSource | null>();
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #nextRemoval = 0;

  constructor(parts: StapleKeeperParts) {
    this.#parts = parts;
  }

  /** Sees to these certificates from now on, and to no others. */
  follow(certificates: readonly Stapled[]): void {
    const [before, sources] = [this.#followed, this.#sources];
    this.#followed = new Map();
    this.#sources = new Map();
    for (const certificate of certificates) {
      const { cert } = certificate;
      const known = sources.get(cert);
      const source = known === undefined ? ocspSource(cert) : known;
      this.#sources.set(cert, source);
      if (source === null) continue;
      this.#followed.set(
        source.fingerprint,
        before.get(source.fingerprint) ?? {
          certificate,
          source,
          staple: null,
          dueAt: 0,
          failures: 0,
          isAsked: false,
        },
      );
    }
    this.#wake();
  }

  /** DER in base64; null: it has none that is good now. */
  staple({ cert }: Stapled): string | null {
    const source = this.#sources.get(cert) ?? null;
    const staple = source === null ? undefined : this.#followed.get(source.fingerprint)?.staple;
    if (staple === undefined || staple === null || staple.nextUpdate.getTime() <= this.#parts.now())
      return null;
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
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all(this.#underWay);
  }

  #wake(): void {
    if (this.#closing.signal.aborted) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const now = this.#parts.now();
    let next = Infinity;
    for (const followed of this.#followed.values()) {
      // The end of one of those under way wakes us.
      if (this.#underWay.size >= MAX_QUESTIONS) return;
      if (followed.isAsked) continue;
      if (followed.dueAt <= now) this.#start(followed);
      else next = Math.min(next, followed.dueAt);
    }
    if (next === Infinity) return;
    this.#timer = setTimeout(() => this.#wake(), sleepMs(next, now));
    this.#timer.unref();
  }

  #start(followed: Followed): void {
    followed.isAsked = true;
    const run = this.#refresh(followed).finally(() => {
      followed.isAsked = false;
      this.#underWay.delete(run);
      this.#wake();
    });
    this.#underWay.add(run);
  }

  async #refresh(followed: Followed): Promise<void> {
    const { certificate, source, staple: before } = followed;
    const { log, now, onChange, onRevoked } = this.#parts;
    try {
      const result = await this.#obtain(source, this.#closing.signal, before);
      if (this.#closing.signal.aborted) return;
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
      if (this.#closing.signal.aborted) return;
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
  ): Promise<{ readonly staple: Staple } | { readonly revokedAt: Date }> {
    const { storage, now, log } = this.#parts;
    const kept = await this.#loadKept(source);
    if (
      kept !== null &&
      kept.thisUpdate.getTime() > (before?.thisUpdate.getTime() ?? 0) &&
      refreshAt(kept, 0, 0.5) > now()
    )
      return { staple: kept };
    const result = await fetchStaple(source, now(), signal);
    if ('staple' in result) {
      const { response, nextUpdate } = result.staple;
      const value = { response: response.toString('base64'), nextUpdate: nextUpdate.toISOString() };
      try {
        await storage.store(keyOf(source), `${JSON.stringify(value satisfies Kept)}\n`);
        await this.#removeOutdated();
      } catch (error) {
        // Clients need it now; that it is kept spares a question after a restart.
        log.debug({ err: error }, 'an OCSP staple could not be stored');
      }
    }
    return result;
  }

  async #loadKept(source: OcspSource): Promise<Staple | null> {
    const kept = parseKept(await this.#parts.storage.load(keyOf(source)));
    if (kept === null) return null;
    try {
      const result = readStaple(Buffer.from(kept.response, 'base64'), source, this.#parts.now());
      return 'staple' in result ? result.staple : null;
    } catch {
      // Out of date, or spoilt: the responder has a better one.
      return null;
    }
  }

  /** Certificates come and go; their staples leave within a day of being good no longer. */
  async #removeOutdated(): Promise<void> {
    const { storage, now } = this.#parts;
    if (now() < this.#nextRemoval) return;
    this.#nextRemoval = now() + 24 * HOUR_MS;
    for (const key of await storage.list('ocsp')) {
      const kept = parseKept(await storage.load(key));
      if (kept === null || Date.parse(kept.nextUpdate) <= now()) await storage.delete(key);
    }
  }
}

const keptSchema = z.object({ response: z.base64(), nextUpdate: z.iso.datetime() });
type Kept = z.output<typeof keptSchema>;

function parseKept(file: Buffer | null): Kept | null {
  try {
    return file === null ? null : (keptSchema.safeParse(JSON.parse(file.toString('utf8'))).data ?? null);
  } catch {
    return null;
  }
}

function keyOf({ fingerprint }: OcspSource): string {
  return `ocsp/${fingerprint}.json`;
}

/** As many as a line of the log is good for. */
function someOf({ names }: Stapled): readonly string[] {
  return names.slice(0, 10);
}
