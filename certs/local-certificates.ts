import { X509Certificate } from 'node:crypto';
import type { Logger } from '../core/shared/log.ts';
import { makePair, type CertificatePair } from './certificate-pair.ts';
import { openLocalRoot, type LocalRoot, type MadePair } from './self-signed.ts';
import type { Storage } from './storage.ts';

export interface LocalParts {
  readonly storage: Storage;
  readonly log: Logger;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onChange: () => void;
}

const KEY_TYPE = 'ecdsa-p256';
const LOOK_EVERY_MS = 60 * 60_000;

/** Names with certificates from the local root. They are made anew at each start, and in the last third of their life. */
export class LocalCertificates {
  readonly #parts: LocalParts;
  readonly #pairs = new Map<string, CertificatePair>();
  readonly #life = new AbortController();
  #root: LocalRoot | null = null;

  constructor(parts: LocalParts) {
    this.#parts = parts;
    void this.#keepValid();
  }

  /** Throws what the storage throws. */
  async add(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.#pairs.has(name));
    if (missing.length === 0) return;
    for (const name of missing) await this.#issue(name);
    this.#parts.onChange();
  }

  keep(names: readonly string[]): void {
    const kept = new Set(names);
    for (const name of this.#pairs.keys()) if (!kept.has(name)) this.#pairs.delete(name);
  }

  get pairs(): readonly CertificatePair[] {
    return [...this.#pairs.values()];
  }

  stop(): void {
    this.#life.abort();
  }

  async #issue(name: string): Promise<void> {
    const { now } = this.#parts;
    this.#root ??= await this.#openRoot();
    this.#pairs.set(name, madePair([name], await this.#root.issue([name], KEY_TYPE, now())));
  }

  async #openRoot(): Promise<LocalRoot> {
    const { storage, log, now } = this.#parts;
    const { root, created, problem } = await openLocalRoot(storage, now(), this.#life.signal);
    if (problem !== null) log.error({ problem }, 'the local root cannot be used and was set aside');
    if (created) log.info('a local root was made: browsers trust its certificates once it is installed');
    return root;
  }

  async #keepValid(): Promise<void> {
    const { now, sleep, log, onChange } = this.#parts;
    const { signal } = this.#life;
    for (;;) {
      await sleep(LOOK_EVERY_MS, signal);
      if (signal.aborted) return;
      const due = [...this.#pairs].filter(([, pair]) => isDue(pair, now()));
      if (due.length === 0) continue;
      try {
        // The root itself may have become too old for new ones.
        this.#root = await this.#openRoot();
        for (const [name] of due) await this.#issue(name);
        onChange();
      } catch (error) {
        log.error({ err: error }, 'self-signed certificates could not be renewed');
      }
    }
  }
}

function isDue({ cert }: CertificatePair, now: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  const [start, end] = [validFromDate.getTime(), validToDate.getTime()];
  return now >= start + ((end - start) * 2) / 3;
}

/** As handshakes need it. */
export function madePair(names: readonly string[], { cert, key }: MadePair): CertificatePair {
  return makePair({ cert, key, keyType: 'ec', names, notAfter: new X509Certificate(cert).validToDate });
}
