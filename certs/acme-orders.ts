import { createPrivateKey, X509Certificate } from 'node:crypto';

import type { AcmeIssuerConfig } from '../core/shared/certificates-config.ts';
import type { Logger } from '../core/shared/log.ts';
import type { OpenAccount } from './acme-account.ts';
import { AcmeAuthorizations, ChallengesFailed } from './acme-authorizations.ts';
import { AcmeOrderFile, type KeptOrder } from './acme-order-file.ts';
import { describeProblem } from './acme-problem.ts';
import type { Answer, Order } from './acme-session.ts';
import { AcmeWait } from './acme-wait.ts';
import { createCertificateRequest, newPrivateKey } from './certificate-request.ts';
import type { ChallengeSolver } from './challenges.ts';
import { IssuerError, type CertificateRequest, type IssuedCertificate } from './issuer.ts';
import type { Storage } from './storage.ts';

/** So long a certificate that was ready is taken for one that could not be stored any more. */
const PICK_UP_MS = 24 * 3_600_000;

interface RunningOrder {
  readonly kept: KeptOrder;
  readonly answer: Answer<Order>;
}

/** Orders of one account (RFC 8555 7.4), one after another for the same certificate. */
export class AcmeOrders {
  readonly #config: AcmeIssuerConfig;
  readonly #storage: Storage;
  readonly #solvers: readonly ChallengeSolver[];
  readonly #log: Logger;

  constructor(config: AcmeIssuerConfig, storage: Storage, solvers: readonly ChallengeSolver[], log: Logger) {
    this.#config = config;
    this.#storage = storage;
    this.#solvers = solvers;
    this.#log = log;
  }

  /** `replacesId`: RFC 9773 4.1, of `request.replaces`; null: the CA is not told. */
  async obtain(
    account: OpenAccount,
    request: CertificateRequest,
    replacesId: string | null,
    signal: AbortSignal,
  ): Promise<IssuedCertificate> {
    const file = new AcmeOrderFile(this.#storage, request.names[0] ?? '', request.keyType);
    const authorizations = new AcmeAuthorizations(
      account.session,
      this.#solvers,
      request.challenges,
      this.#log,
    );
    // One for what an earlier process left, and one for each challenge.
    for (let left = request.challenges.length; ; left--) {
      const running =
        (await this.#resume(account, request, file, signal)) ??
        (await this.#begin(account, request, replacesId, file, signal));
      try {
        return await this.#complete(account, request, running, authorizations, signal);
      } catch (error) {
        if (!(error instanceof IssuerError)) throw error;
        // The CA's last word on this order; a later try must not meet it again.
        const isOver = error instanceof ChallengesFailed ? error.anotherOrderMayDo : isFinal(error);
        if (isOver) await file.delete();
        if (!(error instanceof ChallengesFailed && error.anotherOrderMayDo) || left === 0) throw error;
      }
    }
  }

  /** The order that an earlier call left, where it can still be used. */
  async #resume(
    { session, url: account }: OpenAccount,
    request: CertificateRequest,
    file: AcmeOrderFile,
    signal: AbortSignal,
  ): Promise<RunningOrder | null> {
    const kept = await file.load();
    if (kept === null) return null;
    const isSame =
      kept.directory === this.#config.directory &&
      kept.account === account &&
      kept.profile === this.#config.profile &&
      kept.mustStaple === request.mustStaple &&
      kept.names.join() === request.names.join();
    const answer = isSame ? await session.order(kept.url, signal).catch(nullIfFinal) : null;
    const isUsable =
      answer !== null &&
      answer.value.status !== 'invalid' &&
      (answer.value.status !== 'valid' ||
        (await this.#isUnseen(session, kept, answer.value, request, signal)));
    if (isUsable) return { kept, answer };
    await file.delete();
    return null;
  }

  /** Whether a certificate that is ready is one that nobody has stored yet. */
  async #isUnseen(
    session: OpenAccount['session'],
    kept: KeptOrder,
    { certificate }: Order,
    { replaces }: CertificateRequest,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (certificate === undefined || Date.now() - Date.parse(kept.startedAt) > PICK_UP_MS) return false;
    const cert = await session.certificate(certificate, null, signal).catch(nullIfFinal);
    if (cert === null || !isYoung(new X509Certificate(cert))) return false;
    return replaces === null || serialOf(cert) !== serialOf(replaces);
  }

  async #begin(
    { session, url: account }: OpenAccount,
    request: CertificateRequest,
    replacesId: string | null,
    file: AcmeOrderFile,
    signal: AbortSignal,
  ): Promise<RunningOrder> {
    const { profile, directory } = this.#config;
    const { names, mustStaple } = request;
    const key = await newPrivateKey(request.keyType);
    const terms = { names, profile, replaces: replacesId };
    const answer = await session.createOrder(terms, signal).catch((error: unknown) => {
      // A CA may refuse for the sake of `replaces` alone (RFC 9773 5), and not say so.
      if (replacesId === null || !isFinal(error)) throw error;
      return session.createOrder({ ...terms, replaces: null }, signal);
    });
    const kept: KeptOrder = {
      directory,
      account,
      url: answer.value.url,
      names: [...names],
      mustStaple,
      profile,
      key,
      startedAt: new Date().toISOString(),
    };
    await file.store(kept);
    this.#log.info({ names, directory, order: kept.url }, 'a certificate is ordered');
    return { kept, answer };
  }

  async #complete(
    { session }: OpenAccount,
    request: CertificateRequest,
    { kept, answer }: RunningOrder,
    authorizations: AcmeAuthorizations,
    signal: AbortSignal,
  ): Promise<IssuedCertificate> {
    let { value: order, retryAfterMs } = answer;
    if (order.status === 'pending') {
      await authorizations.fulfil(order.authorizations, signal);
      ({ value: order, retryAfterMs } = await session.order(kept.url, signal));
    }
    let isFinalized = false;
    for (const wait = new AcmeWait(signal); order.status !== 'valid';) {
      if (order.status === 'invalid')
        throw new IssuerError('rejected', `the order failed: ${describeFailure(order)}`, {
          type: order.error?.type ?? null,
        });
      if (order.status === 'ready' && !isFinalized) {
        isFinalized = true;
        const csr = await createCertificateRequest(kept.names, request.keyType, kept.key, kept.mustStaple);
        ({ value: order, retryAfterMs } = await session.finalize(order.finalize, csr, signal));
        continue;
      }
      await wait.pause(retryAfterMs);
      ({ value: order, retryAfterMs } = await session.order(kept.url, signal));
    }
    if (order.certificate === undefined)
      throw new IssuerError('bad-answer', 'the CA names no URL for the certificate');
    const cert = await session.certificate(order.certificate, this.#config.preferredChain, signal);
    checkCertificate(cert, kept);
    return { cert, key: kept.key };
  }
}

/** Asking again would give the same. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof IssuerError &&
    (error.kind === 'rejected' || error.kind === 'account' || error.kind === 'bad-answer')
  );
}

function nullIfFinal(error: unknown): null {
  if (!isFinal(error)) throw error;
  return null;
}

function describeFailure({ error }: Order): string {
  return error === undefined ? 'the CA does not say why' : describeProblem(error);
}

/** One that lives for minutes would have to be renewed as soon as it is picked up. */
function isYoung({ validFromDate, validToDate }: X509Certificate): boolean {
  return Date.now() < (validFromDate.getTime() + validToDate.getTime()) / 2;
}

function serialOf(cert: string): string {
  return new X509Certificate(cert).serialNumber;
}

/** A CA that mixes up orders is not to take a name away from us. */
function checkCertificate(cert: string, { key, names }: KeptOrder): void {
  const leaf = cert === '' ? null : new X509Certificate(cert);
  if (leaf === null || !leaf.checkPrivateKey(createPrivateKey(key)))
    throw new IssuerError('bad-answer', 'the CA sent a certificate that is not for our key');
  const found = new Set((leaf.subjectAltName ?? '').toLowerCase().split(', '));
  const missing = names.filter((name) => !found.has(`dns:${name}`));
  if (missing.length > 0)
    throw new IssuerError(
      'bad-answer',
      `the CA sent a certificate without ${missing.slice(0, 5).join(', ')}`,
    );
}
