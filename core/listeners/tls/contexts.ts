import { constants, createHash } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Certificate, PresentedPair } from '../../shared/certificate.ts';
import type { TlsConfig } from '../../shared/listener-types.ts';
import { LruMap } from '../../shared/lru-map.ts';
import { policyOptions } from '../../shared/tls-policy.ts';
import { preference, type NamedContexts } from './choose-context.ts';
import type { TicketKeyring } from './session-tickets.ts';

/** What the primary has for a name. */
export interface CertificateAnswer {
  /** What the set presents for it; null: the name is to be refused. */
  readonly certificate: Certificate | null;
  /** The listener's rule script says first whether the name may have a certificate of its own; `certificate` is for the case that it says no. */
  readonly asksRule: boolean;
  /** For so long this holds; null: until `forgetNames`. */
  readonly keepMs: number | null;
}

/** Where certificates and ticket keys come from: the primary. */
export interface CertificateSource {
  /** `serverName`: empty for the default. `allowed`: the rule script was asked, and said yes. */
  find(set: string, serverName: string, allowed: boolean): Promise<CertificateAnswer>;
  /** The present keys for this interval. */
  ticketKeys(rotationMs: number): TicketKeyring;
}

/** What to present for a name. */
export interface FoundContexts {
  /** null: the name is to be refused. */
  readonly contexts: NamedContexts | null;
  /** As in `CertificateAnswer`. */
  readonly asksRule: boolean;
}

/**
 * The certificates that a listener has in use, each made ready at the first handshake that needs it: with ten
 * thousand of them, most workers see few. What a name was answered with is remembered by the id of the certificate,
 * so that names without end do not push out what is in use.
 */
export class TlsContexts {
  readonly #tls: TlsConfig;
  readonly #source: CertificateSource;
  /** Name → id of its certificate, null where it is refused. `untilMs`: on the clock of performance.now(). */
  readonly #names: LruMap<string, { readonly id: string | null; readonly untilMs: number }>;
  readonly #contexts: LruMap<string, NamedContexts>;
  readonly #asked = new Map<string, Promise<FoundContexts>>();
  /** Those for which the rule script has said yes: a certificate of their own may be on its way. */
  readonly #ordered = new Map<string, Promise<FoundContexts>>();
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

  /**
   * Those who ask for one name at once share the answer.
   * @param allowed the rule script was asked since `asksRule`, and said yes
   */
  find(serverName: string, allowed = false): Promise<FoundContexts> | FoundContexts {
    const name = serverName.toLowerCase();
    const known = this.#names.get(name);
    if (known !== undefined && known.untilMs > performance.now()) {
      const contexts = known.id === null ? null : this.#contexts.get(known.id);
      if (contexts !== undefined) return { contexts, asksRule: false };
    }
    const asked = allowed ? this.#ordered : this.#asked;
    return asked.get(name) ?? this.#ask(name, allowed, asked);
  }

  /** Asks anew for every name, and makes ready anew what has changed. */
  forgetNames(): void {
    this.#generation += 1;
    this.#names.clear();
    this.#asked.clear();
    this.#ordered.clear();
  }

  ticketKeys(): TicketKeyring {
    return this.#source.ticketKeys(this.#tls.ticketRotationMs);
  }

  /** For connections of which the name is not known yet: the default certificate, and what OpenSSL reads from the first context only. */
  async baseOptions(): Promise<SecureContextOptions> {
    const { certificateSet, ticketRotationMs } = this.#tls;
    const { certificate } = await this.#source.find(certificateSet, '', false);
    return {
      ...this.#options(certificate),
      ticketKeys: this.ticketKeys().newest,
      // For so long the key of a ticket is there in any case (RFC 8446 4.6.1: a week at most).
      sessionTimeout: Math.min(Math.ceil(ticketRotationMs / 1000), 7 * 24 * 3600),
    };
  }

  #ask(name: string, allowed: boolean, asked: Map<string, Promise<FoundContexts>>): Promise<FoundContexts> {
    const answer = this.#answerFor(name, allowed, this.#generation).finally(() => {
      if (asked.get(name) === answer) asked.delete(name);
    });
    asked.set(name, answer);
    return answer;
  }

  async #answerFor(name: string, allowed: boolean, generation: number): Promise<FoundContexts> {
    const answer = await this.#source.find(this.#tls.certificateSet, name, allowed);
    const { certificate, asksRule, keepMs } = answer;
    // An answer that certificates have overtaken is good for who asked, but would stay for good. What a rule said is its own to remember.
    if (generation === this.#generation && !asksRule)
      this.#names.set(name, {
        id: certificate?.id ?? null,
        untilMs: performance.now() + (keepMs ?? Number.POSITIVE_INFINITY),
      });
    return { contexts: certificate === null ? null : this.#contextsOf(certificate), asksRule };
  }

  #contextsOf({ id, pairs }: Certificate): NamedContexts {
    const known = this.#contexts.get(id);
    const contexts =
      known === undefined
        ? pairs
            .map((pair) => ({
              keyType: pair.keyType,
              context: createSecureContext(this.#options({ id, pairs: [pair] })),
              staple: stapleOf(pair),
            }))
            .sort((one, other) => preference(one.keyType) - preference(other.keyType))
        : withStaples(known, pairs);
    this.#contexts.set(id, contexts);
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

/** Those of a certificate that stays: a responder signs anew every few days. */
function withStaples(known: NamedContexts, pairs: readonly PresentedPair[]): NamedContexts {
  return known.map((each) => {
    const pair = pairs.find(({ keyType }) => keyType === each.keyType);
    return pair === undefined ? each : { ...each, staple: stapleOf(pair) };
  });
}

function stapleOf({ ocsp }: PresentedPair): Buffer | null {
  return ocsp === null ? null : Buffer.from(ocsp, 'base64');
}
