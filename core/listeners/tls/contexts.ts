import { constants, createHash } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Certificate } from '../../shared/certificate.ts';
import type { TlsConfig } from '../../shared/listener-types.ts';
import { LruMap } from '../../shared/lru-map.ts';
import { policyOptions } from '../../shared/tls-policy.ts';
import { preference, type NamedContexts } from './choose-context.ts';
import type { TicketKeyring } from './session-tickets.ts';

/** Where certificates and ticket keys come from: the primary. */
export interface CertificateSource {
  /** What a set presents for a name (empty: the default); null: the name is to be refused. */
  find(set: string, serverName: string): Promise<Certificate | null>;
  /** The present keys for this interval. */
  ticketKeys(rotationMs: number): TicketKeyring;
}

/**
 * The certificates that a listener has in use, each made ready at the first handshake that needs it: with ten
 * thousand of them, most workers see few. What a name was answered with is remembered by the id of the certificate,
 * so that names without end do not push out what is in use.
 */
export class TlsContexts {
  readonly #tls: TlsConfig;
  readonly #source: CertificateSource;
  /** Name → id of its certificate, null where it is refused. */
  readonly #names: LruMap<string, { readonly id: string | null }>;
  readonly #contexts: LruMap<string, NamedContexts>;
  readonly #asked = new Map<string, Promise<NamedContexts | null>>();
  #generation = 0;

  constructor(tls: TlsConfig, source: CertificateSource) {
    this.#tls = tls;
    this.#source = source;
    this.#names = new LruMap(tls.cache);
    this.#contexts = new LruMap(tls.cache);
  }

  /** Certificates that are ready. */
  get size(): number {
    return this.#contexts.size;
  }

  /** Those who ask for one name at once share the answer. null: the name is to be refused. */
  find(serverName: string): Promise<NamedContexts | null> | NamedContexts | null {
    const name = serverName.toLowerCase();
    const known = this.#names.get(name);
    if (known !== undefined) {
      const context = known.id === null ? null : this.#contexts.get(known.id);
      if (context !== undefined) return context;
    }
    return this.#asked.get(name) ?? this.#ask(name);
  }

  /** Asks anew for every name, and makes ready anew what has changed. */
  forgetNames(): void {
    this.#generation += 1;
    this.#names.clear();
    this.#asked.clear();
  }

  ticketKeys(): TicketKeyring {
    return this.#source.ticketKeys(this.#tls.ticketRotationMs);
  }

  /** For connections of which the name is not known yet: the default certificate, and what OpenSSL reads from the first context only. */
  async baseOptions(): Promise<SecureContextOptions> {
    const { certificateSet, ticketRotationMs } = this.#tls;
    const certificate = await this.#source.find(certificateSet, '');
    return {
      ...this.#options(certificate),
      ticketKeys: this.ticketKeys().newest,
      // For so long the key of a ticket is there in any case (RFC 8446 4.6.1: a week at most).
      sessionTimeout: Math.min(Math.ceil(ticketRotationMs / 1000), 7 * 24 * 3600),
    };
  }

  #ask(name: string): Promise<NamedContexts | null> {
    const asked = this.#answerFor(name, this.#generation).finally(() => {
      if (this.#asked.get(name) === asked) this.#asked.delete(name);
    });
    this.#asked.set(name, asked);
    return asked;
  }

  async #answerFor(name: string, generation: number): Promise<NamedContexts | null> {
    const certificate = await this.#source.find(this.#tls.certificateSet, name);
    // An answer that certificates have overtaken is good for who asked, but would stay for good.
    if (generation === this.#generation) this.#names.set(name, { id: certificate?.id ?? null });
    if (certificate === null) return null;
    const known = this.#contexts.get(certificate.id);
    if (known !== undefined) return known;
    const contexts = certificate.pairs
      .map((pair) => ({
        keyType: pair.keyType,
        context: createSecureContext(this.#options({ id: certificate.id, pairs: [pair] })),
      }))
      .sort((one, other) => preference(one.keyType) - preference(other.keyType));
    this.#contexts.set(certificate.id, contexts);
    return contexts;
  }

  #options(certificate: Certificate | null): SecureContextOptions {
    const { policy, clientCertificates } = this.#tls;
    const pairs = certificate?.pairs ?? [];
    return {
      cert: pairs.map(({ cert }) => cert),
      key: pairs.map(({ key }) => key),
      // With none, Node would take the system's authorities, and those who are in no need of them would pay for that.
      ca: clientCertificates === null ? [] : [clientCertificates.ca],
      ...policyOptions(policy),
      honorCipherOrder: false,
      // TLS 1.2 only: a handshake that costs the client next to nothing, and could change who it is (RFC 9113 9.2.1 forbids it for HTTP/2).
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      sessionIdContext: this.#sessionContext(),
    };
  }

  /** A session is resumed only where a client's certificate would be judged alike: a resumed one is not judged again. */
  #sessionContext(): string {
    const { certificateSet, clientCertificates } = this.#tls;
    const terms = JSON.stringify([certificateSet, clientCertificates]);
    return createHash('sha256').update(terms).digest('hex').slice(0, 32);
  }
}
