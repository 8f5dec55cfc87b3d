import type { ChallengeType, KeyType } from '../core/shared/certificates-config.ts';

export interface CertificateRequest {
  /** As in `ManagedCertificateConfig`. */
  readonly names: readonly string[];
  readonly keyType: KeyType;
  readonly mustStaple: boolean;
  /** In the order in which they are tried. */
  readonly challenges: readonly ChallengeType[];
  /** PEM of the certificate that this one replaces (RFC 9773 5); null: none. */
  readonly replaces: string | null;
}

/** PEM. `cert`: the leaf, then its chain. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** When the CA wants a certificate to be renewed (RFC 9773 4.2). */
export interface RenewalInfo {
  readonly start: Date;
  readonly end: Date;
  readonly explanationUrl: string | null;
  /** After that long it should be asked again. */
  readonly retryAfterMs: number;
}

export interface AccountStatus {
  /** `none`: there is none yet, or the CA knows ours no longer. */
  readonly status: 'valid' | 'deactivated' | 'revoked' | 'none';
  readonly url: string | null;
  readonly contact: readonly string[];
}

/** The account at the CA. All of these throw IssuerError. */
export interface IssuerAccount {
  /** Makes none. */
  status(): Promise<AccountStatus>;
  /** RFC 8555 7.3.5. */
  rolloverKey(): Promise<void>;
  /** Has the CA keep the contact that is configured now. */
  updateContact(): Promise<void>;
  /** For good; the next order makes a new account. */
  deactivate(): Promise<void>;
}

/** Who certificates come from. */
export interface Issuer {
  /** URL; tells issuers apart. */
  readonly directory: string;
  /**
   * Goes on with an order that an earlier process left, where there is one. Two calls for the same names and type of
   * key must not run at the same time, in this process or in another one: the caller holds a lock.
   * @throws IssuerError
   */
  obtain(request: CertificateRequest, signal: AbortSignal): Promise<IssuedCertificate>;
  /**
   * null: the CA has no ARI, or knows nothing of this certificate.
   * @throws IssuerError
   */
  renewalInfo(certPem: string, signal: AbortSignal): Promise<RenewalInfo | null>;
  /**
   * `keyPem`: the certificate's own key signs (RFC 8555 7.6); null: the account's.
   * `reason`: RFC 5280 5.3.1. One that was revoked before is fine.
   * @throws IssuerError
   */
  revoke(certPem: string, keyPem: string | null, reason: number, signal: AbortSignal): Promise<void>;
  readonly account: IssuerAccount;
}

/**
 * - `unreachable`: no answer, or a 5xx; worth another try
 * - `rate-limited`: worth another try, later
 * - `account`: the CA does not take our account, or wants something of its owner first
 * - `rejected`: the CA does not want this order
 * - `challenge`: control of a name could not be shown
 * - `bad-answer`: what came was not what RFC 8555 asks for
 * - `aborted`: by the caller's signal
 */
export type IssuerErrorKind =
  'unreachable' | 'rate-limited' | 'account' | 'rejected' | 'challenge' | 'bad-answer' | 'aborted';

/** Why there is no certificate. The message is fit for a log: it holds no secrets. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
  readonly kind: IssuerErrorKind;
  /** How long the CA wants to be left alone; null: it did not say. */
  readonly retryAfterMs: number | null;
  /** ACME problem type (`urn:ietf:params:acme:error:…`), or null. */
  readonly type: string | null;
  /** Nobody was asked, because of what the CA has told another order. */
  readonly isHeldBack: boolean;

  constructor(
    kind: IssuerErrorKind,
    message: string,
    details: {
      readonly retryAfterMs?: number | null;
      readonly type?: string | null;
      readonly isHeldBack?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.type = details.type ?? null;
    this.isHeldBack = details.isHeldBack ?? false;
  }
}
