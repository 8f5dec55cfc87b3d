import type { Logger } from '../core/shared/log.ts';
import type { StoredCertificate } from './certificate-store.ts';
import type { Standing } from './renewal.ts';

const TEXTS: Readonly<Record<Exclude<Standing, 'fine'>, string>> = {
  early: 'is not valid yet',
  near: 'expires soon',
  expired: 'has expired',
};

/** Says in the log when the time of a certificate comes near or has passed: once for each state of each certificate. */
export class ExpiryWarnings {
  readonly #log: Logger;
  readonly #subject: string;
  readonly #told = new WeakMap<StoredCertificate, Set<Standing>>();

  /** @param subject `a certificate`, say */
  constructor(log: Logger, subject: string) {
    this.#log = log;
    this.#subject = subject;
  }

  /** @param besides what else the line says */
  warn(certificate: StoredCertificate, standing: Standing, besides: object = {}): void {
    if (standing === 'fine') return;
    const told = this.#told.get(certificate) ?? new Set();
    if (told.has(standing)) return;
    this.#told.set(certificate, told.add(standing));
    const { names, keyType, notBefore, notAfter } = certificate;
    const validity =
      standing === 'early' ? { notBefore: notBefore.toISOString() } : { notAfter: notAfter.toISOString() };
    this.#log.warn({ names, keyType, ...validity, ...besides }, `${this.#subject} ${TEXTS[standing]}`);
  }
}
