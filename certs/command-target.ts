import type {
  AcmeIssuerConfig,
  CertificatesConfig,
  OrderConfig,
} from '../core/shared/certificates-config.ts';
import type { CertificatePair } from './certificate-pair.ts';
import type { CertificateStore } from './certificate-store.ts';
import type { ImportedCertificate } from './imported-certificates.ts';
import type { Issuer } from './issuer.ts';
import type { ManagedCertificate } from './managed-certificate.ts';
import type { CertificateStatus } from './certificate-status.ts';
import type { Storage } from './storage.ts';

/** What commands are about: a config's certificates as they are in use. */
export interface CommandTarget {
  readonly config: CertificatesConfig;
  readonly storage: Storage;
  readonly store: CertificateStore;
  /** Those that are kept valid, on demand ones included. */
  managed(): readonly ManagedCertificate[];
  imported(): readonly ImportedCertificate[];
  /** To be called when there is another one in the storage. */
  lookForImported(): Promise<void>;
  /** Of the local root. */
  local(): readonly CertificatePair[];
  issuer(config: AcmeIssuerConfig, order: OrderConfig): Issuer;
  /** DER in base64; null: it has none that is good now. */
  staple(pair: CertificatePair): string | null;
  status(): readonly CertificateStatus[];
}
