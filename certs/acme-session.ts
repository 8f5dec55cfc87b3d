import { X509Certificate } from 'node:crypto';

import * as acme from 'acme-client';
import { z } from 'zod';
import { acmeProblem } from './acme-problem.ts';
import type { AcmeConnection } from './acme-connection.ts';
import { IssuerError } from './issuer.ts';

const order = z.object({
  status: z.enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  authorizations: z.array(z.string()).max(200),
  finalize: z.string(),
  certificate: z.string().optional(),
  error: acmeProblem.optional(),
});
const newOrder = order.extend({ url: z.string() });
export type Order = z.infer<typeof order>;

const challenge = z.object({
  type: z.string(),
  url: z.string(),
  /** Types that we do not know may have none. */
  token: z
    .string()
    .regex(/^[\w-]{1,200}$/)
    .optional()
    .catch(undefined),
  status: z.enum(['pending', 'processing', 'valid', 'invalid']),
  error: acmeProblem.optional(),
});
export type OfferedChallenge = z.infer<typeof challenge>;

const authorization = z.object({
  identifier: z.object({ type: z.literal('dns'), value: z.string() }),
  status: z.enum(['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked']),
  challenges: z.array(challenge).max(20),
  wildcard: z.boolean().optional(),
});
export type Authorization = z.infer<typeof authorization>;

const account = z.object({
  status: z.enum(['valid', 'deactivated', 'revoked']),
  contact: z.array(z.string()).max(100).nullish(),
});
export type Account = z.infer<typeof account>;

/** `retryAfterMs`: how long the CA wants us to wait before the next look. */
export interface Answer<T> {
  readonly value: T;
  readonly retryAfterMs: number | null;
}

/** What the CA is asked in the name of one account. Everything throws IssuerError. */
export class AcmeSession {
  readonly #connection: AcmeConnection;
  readonly #client: acme.Client;

  /** `accountUrl`: null before `register`. */
  constructor(
    connection: AcmeConnection,
    directory: string,
    accountKey: string,
    accountUrl: string | null,
    externalAccount: { readonly keyId: string; readonly hmacKey: string } | null,
  ) {
    this.#connection = connection;
    this.#client = new acme.Client({
      directoryUrl: directory,
      accountKey,
      ...(accountUrl === null ? {} : { accountUrl }),
      ...(externalAccount === null
        ? {}
        : { externalAccountBinding: { kid: externalAccount.keyId, hmacKey: externalAccount.hmacKey } }),
    });
  }

  /** The account of this key; made where there is none (RFC 8555 7.3). @returns its URL */
  async register(contact: readonly string[], signal: AbortSignal): Promise<string> {
    await this.#ask(account, signal, () =>
      this.#client.createAccount({ termsOfServiceAgreed: true, contact: [...contact] }),
    );
    return this.#client.getAccountUrl();
  }

  /** The account of this key, if there is one (RFC 8555 7.3.1). */
  async find(signal: AbortSignal): Promise<{ readonly url: string; readonly account: Account }> {
    const { value } = await this.#ask(account, signal, () =>
      this.#client.createAccount({ onlyReturnExisting: true }),
    );
    return { url: this.#client.getAccountUrl(), account: value };
  }

  async updateAccount(
    change: { readonly contact: readonly string[] } | { readonly status: 'deactivated' },
    signal: AbortSignal,
  ): Promise<void> {
    const data = 'contact' in change ? { contact: [...change.contact] } : { status: change.status };
    await this.#ask(account, signal, () => this.#client.updateAccount(data));
  }

  async changeKey(newKey: string, signal: AbortSignal): Promise<void> {
    await this.#connection.run(signal, () => this.#client.updateAccountKey(newKey));
  }

  createOrder(
    terms: {
      readonly names: readonly string[];
      readonly profile: string | null;
      /** Id of a certificate (RFC 9773 4.1). */
      readonly replaces: string | null;
    },
    signal: AbortSignal,
  ): Promise<Answer<Order & { readonly url: string }>> {
    const data = {
      identifiers: terms.names.map((value) => ({ type: 'dns', value })),
      ...(terms.profile === null ? {} : { profile: terms.profile }),
      ...(terms.replaces === null ? {} : { replaces: terms.replaces }),
    };
    return this.#ask(newOrder, signal, () => this.#client.createOrder(data));
  }

  order(url: string, signal: AbortSignal): Promise<Answer<Order>> {
    return this.#ask(order, signal, () => this.#client.getOrder(orderAt(url)));
  }

  authorization(url: string, signal: AbortSignal): Promise<Answer<Authorization>> {
    const wanted = { ...orderAt(''), authorizations: [url] };
    return this.#ask(authorization, signal, async () => (await this.#client.getAuthorizations(wanted))[0]);
  }

  /** Token and thumbprint of our key (RFC 8555 8.1). */
  keyAuthorization(token: string): Promise<string> {
    return this.#client.getChallengeKeyAuthorization({
      // Of all types the one that acme-client gives it for as it is.
      type: 'http-01',
      token,
      url: '',
      status: 'pending',
    });
  }

  /** Tells the CA that it may look now. */
  async answerChallenge({ url, token = '' }: OfferedChallenge, signal: AbortSignal): Promise<void> {
    await this.#connection.run(signal, () =>
      this.#client.completeChallenge({ type: 'http-01', url, token, status: 'pending' }),
    );
  }

  finalize(finalizeUrl: string, csr: string, signal: AbortSignal): Promise<Answer<Order>> {
    return this.#ask(order, signal, () =>
      this.#client.finalizeOrder({ ...orderAt(''), finalize: finalizeUrl }, csr),
    );
  }

  /** PEM, the leaf first. `preferredChain`: common name of an issuer in it, where the CA offers several. */
  async certificate(url: string, preferredChain: string | null, signal: AbortSignal): Promise<string> {
    const valid = { ...orderAt(''), status: 'valid' as const, certificate: url };
    const { value } = await this.#ask(z.string(), signal, () =>
      this.#client.getCertificate(valid, preferredChain ?? undefined),
    );
    const chain = value.match(/-----BEGIN CERTIFICATE-----[\w+/=\s]+-----END CERTIFICATE-----/g) ?? [];
    try {
      for (const each of chain) void new X509Certificate(each);
    } catch (cause) {
      throw new IssuerError('bad-answer', 'the CA sent a certificate that cannot be read', { cause });
    }
    return chain.map((each) => `${each}\n`).join('');
  }

  async revoke(cert: string, reason: number, signal: AbortSignal): Promise<void> {
    await this.#connection.run(signal, () =>
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- acme-client does not export the enum
      this.#client.revokeCertificate(cert, { reason }),
    );
  }

  async #ask<T>(schema: z.ZodType<T>, signal: AbortSignal, work: () => Promise<unknown>): Promise<Answer<T>> {
    const { value, retryAfterMs } = await this.#connection.run(signal, work);
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data, retryAfterMs };
    const { path = [], message = '' } = result.error.issues[0] ?? {};
    throw new IssuerError('bad-answer', `the CA's answer cannot be used: ${path.join('.')}: ${message}`);
  }
}

/** What acme-client wants to be given where it looks at the URL alone. */
function orderAt(url: string): acme.Order {
  return { url, status: 'pending', identifiers: [], authorizations: [], finalize: '' };
}
