import { createPrivateKey, X509Certificate } from 'node:crypto';

import type { AcmeIssuerConfig, KeyType } from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import { AcmeAccount } from './acme-account.ts';
import { AcmeConnection } from './acme-connection.ts';
import { AcmeOrderFile } from './acme-order-file.ts';
import { AcmeOrders } from './acme-orders.ts';
import { problemPrefix } from './acme-problem.ts';
import { AcmeRateLimits } from './acme-rate-limits.ts';
import { certificateId, readRenewalInfo } from './acme-renewal-info.ts';
import { revokeByOwnKey } from './acme-revoke.ts';
import type { ChallengeSolver } from './challenges.ts';
import {
  IssuerError,
  type CertificateRequest,
  type IssuedCertificate,
  type Issuer,
  type IssuerAccount,
  type RenewalInfo,
} from './issuer.ts';
import type { Storage } from './storage.ts';

const keyTypes: readonly KeyType[] = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-4096'];

/** `log`: with its component. */
export interface AcmeIssuerParts {
  readonly config: AcmeIssuerConfig;
  readonly storage: Storage;
  /** One a type at most. */
  readonly solvers: readonly ChallengeSolver[];
  readonly log: Logger;
}

/**
 * A CA that speaks ACME (RFC 8555). What it has to remember is in the storage, so that several of these for one
 * CA, in one process or several, share the account.
 */
export class AcmeIssuer implements Issuer {
  readonly directory: string;
  readonly account: IssuerAccount;
  readonly #account: AcmeAccount;
  readonly #connection: AcmeConnection;
  readonly #storage: Storage;
  readonly #orders: AcmeOrders;
  readonly #limits = new AcmeRateLimits();

  constructor({ config, storage, solvers, log }: AcmeIssuerParts) {
    this.directory = config.directory;
    this.#connection = new AcmeConnection(config.ca);
    this.#storage = storage;
    this.#account = new AcmeAccount({ config, connection: this.#connection, storage, log });
    this.account = this.#account;
    this.#orders = new AcmeOrders(config, storage, solvers, log);
  }

  async obtain(request: CertificateRequest, signal: AbortSignal): Promise<IssuedCertificate> {
    const replacesId =
      request.replaces === null || (await this.#renewalInfoUrl(signal)) === null
        ? null
        : certificateId(request.replaces);
    return this.#limits.run({ names: request.names, isRenewal: replacesId !== null }, (opened) =>
      this.#account.use(signal, (account) => {
        opened();
        return this.#orders.obtain(account, request, replacesId, signal);
      }),
    );
  }

  async renewalInfo(certPem: string, signal: AbortSignal): Promise<RenewalInfo | null> {
    const base = await this.#renewalInfoUrl(signal);
    const id = certificateId(certPem);
    if (base === null || id === null) return null;
    try {
      return readRenewalInfo(await this.#connection.getJson(`${base.replace(/\/$/, '')}/${id}`, signal));
    } catch (error) {
      // RFC 9773 4.1: 404 for a certificate of somebody else's.
      if (error instanceof IssuerError && error.kind === 'rejected') return null;
      throw error;
    }
  }

  async revoke(certPem: string, keyPem: string | null, reason: number, signal: AbortSignal): Promise<void> {
    try {
      if (keyPem === null)
        await this.#account.use(signal, ({ session }) => session.revoke(certPem, reason, signal));
      else await revokeByOwnKey(this.#connection, this.directory, { certPem, keyPem, reason }, signal);
    } catch (error) {
      if (!(error instanceof IssuerError) || error.type !== `${problemPrefix}alreadyRevoked`) throw error;
    }
    await this.#forget(certPem);
  }

  /** A revoked certificate is not to come back from an order that was kept. */
  async #forget(certPem: string): Promise<void> {
    const certificate = new X509Certificate(certPem);
    for (const name of (certificate.subjectAltName ?? '').replaceAll('DNS:', '').split(', '))
      for (const keyType of keyTypes) {
        if (!/^[\w*-][\w.*-]*$/.test(name)) continue;
        const file = new AcmeOrderFile(this.#storage, name, keyType);
        const kept = await file.load();
        if (kept !== null && certificate.checkPrivateKey(createPrivateKey(kept.key))) await file.delete();
      }
  }

  async #renewalInfoUrl(signal: AbortSignal): Promise<string | null> {
    const directory = await this.#connection.directory(this.directory, signal);
    return directory.renewalInfo ?? null;
  }
}
