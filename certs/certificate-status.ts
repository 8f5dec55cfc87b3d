import { X509Certificate } from 'node:crypto';
import type { CertificatePair } from './certificate-pair.ts';
import type { StoredCertificate, StoredEntry } from './certificate-store.ts';
import type { CertificateState, ManagedCertificate } from './managed-certificate.ts';
import { standing } from './renewal.ts';

/** Times are in milliseconds since the epoch. */
export interface CertificateStatus {
  /** `unused`: it is in the storage, and nothing of the config asks for it. */
  readonly kind: 'managed' | 'on-demand' | 'imported' | 'self-signed' | 'unused';
  /** What it is to serve. */
  readonly names: readonly string[];
  readonly keyType: string;
  /** null where there is no certificate yet: a placeholder is served. */
  readonly certificate: {
    /** URL of a CA's directory, `imported`, `self-signed` or `unknown`. */
    readonly issuer: string;
    readonly serial: string;
    readonly notBefore: number;
    readonly notAfter: number;
  } | null;
  readonly standing: CertificateState['standing'];
  readonly isOrdering: boolean;
  /** When the next order is due; null for those that are not ordered. */
  readonly nextOrderAt: number | null;
  readonly lastError: { readonly at: number; readonly message: string } | null;
}

export function statusOf(certificate: ManagedCertificate, kind: 'managed' | 'on-demand'): CertificateStatus {
  const { entry, ...state } = certificate.state;
  const there = entry?.certificate;
  return {
    kind,
    names: certificate.names,
    keyType: certificate.place.keyType,
    certificate: there === undefined ? null : factsOf(there),
    standing: state.standing,
    isOrdering: state.isOrdering,
    nextOrderAt: state.nextOrderAt,
    lastError: state.lastError,
  };
}

/** Nobody renews it, so it has a third of its life to be replaced in. */
export function statusOfImported({ certificate }: StoredEntry, now: number): CertificateStatus {
  return {
    kind: 'imported',
    names: certificate.names,
    keyType: certificate.keyType,
    certificate: factsOf(certificate),
    standing: standing(certificate, 0, now),
    isOrdering: false,
    nextOrderAt: null,
    lastError: null,
  };
}

export function statusOfLocal({ cert, names }: CertificatePair): CertificateStatus {
  const { serialNumber: serial, validFromDate, validToDate } = new X509Certificate(cert);
  return {
    kind: 'self-signed',
    names,
    keyType: 'ecdsa-p256',
    certificate: {
      issuer: 'self-signed',
      serial,
      notBefore: validFromDate.getTime(),
      notAfter: validToDate.getTime(),
    },
    standing: 'fine',
    isOrdering: false,
    nextOrderAt: null,
    lastError: null,
  };
}

export function factsOf(certificate: StoredCertificate): CertificateStatus['certificate'] {
  const { issuer, serial, notBefore, notAfter } = certificate;
  return { issuer, serial, notBefore: notBefore.getTime(), notAfter: notAfter.getTime() };
}
