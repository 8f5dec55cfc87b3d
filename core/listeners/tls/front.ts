import { Socket } from 'node:net';
import { createServer, TLSSocket, type SecureContext, type Server } from 'node:tls';
import type { TlsConfig } from '../../shared/listener-types.ts';
import type { Logger } from '../../shared/log.ts';
import { asksForChallenge, type AlpnChallenges } from './answer-challenge.ts';
import { chooseContext } from './choose-context.ts';
import { TlsContexts, type CertificateSource, type FoundContexts } from './contexts.ts';
import { Handshake, type HandshakeFront, type HandshakeOwner } from './handshake.ts';
import { openTicketsWith } from './session-tickets.ts';

/** RFC 8446 6.2: a fatal unrecognized_name, as it is sent before anything is encrypted. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/** RFC 7301 3.2, which RFC 8737 relies on: `acme-tls/1` is spoken for those names only for which a challenge is prepared. */
const NO_APPLICATION_PROTOCOL = Buffer.from([21, 3, 3, 0, 2, 2, 120]);

/** RFC 8446 6.2. */
const ACCESS_DENIED = Buffer.from([21, 3, 3, 0, 2, 2, 49]);

/** How long a handshake is left alone when others want its place: more than any client needs that means it, on a busy worker too. */
const GRACE_MS = 1000;

type SniAnswer = (error: Error | null, context?: SecureContext) => void;

/**
 * Makes TLS connections of accepted ones on the terms of one listener. It outlives reloads that leave
 * the terms as they are, so that what it has made ready stays in use.
 */
export class TlsFront implements HandshakeFront {
  readonly contexts: TlsContexts;
  readonly #tls: TlsConfig;
  readonly #log: Pick<Logger, 'error'>;
  readonly #challenges: AlpnChallenges;
  /** Never listens: connections are handed to it. */
  #server: Server | null = null;
  #making: Promise<Server> | null = null;
  /** The oldest first. */
  readonly #underWay = new Map<Socket, Handshake>();
  /** For the connection that a certificate is being chosen for. */
  #staple: Buffer | null = null;

  constructor(
    tls: TlsConfig,
    source: CertificateSource,
    challenges: AlpnChallenges,
    log: Pick<Logger, 'error'>,
  ) {
    this.#tls = tls;
    this.#log = log;
    this.#challenges = challenges;
    this.contexts = new TlsContexts(tls, source);
  }

  /** Rejects where no TLS can be spoken on these terms with the default certificate. */
  async ready(): Promise<void> {
    if (this.#server !== null) return;
    try {
      this.#server = await (this.#making ??= this.#makeServer());
    } finally {
      // What went wrong may be right the next time.
      this.#making = null;
    }
  }

  /** To be called after `ready`. @returns null when there are too many under way already; the connection is then left to the caller */
  begin(raw: Socket, owner: HandshakeOwner): Handshake | null {
    if (this.#server === null || !this.#hasPlace()) return null;
    // A client that ends its side in mid-handshake has gone; after it, half a connection can be worth an answer.
    raw.allowHalfOpen = false;
    const handshake = new Handshake(raw, this.#tls.handshakeTimeoutMs, owner, this);
    this.#underWay.set(raw, handshake);
    return handshake;
  }

  /** Clients that say nothing could otherwise keep all others out for the whole of `handshakeTimeout`. */
  #hasPlace(): boolean {
    if (this.#underWay.size < this.#tls.maxHandshakes) return true;
    const [oldest] = this.#underWay.values();
    if (oldest === undefined || oldest.ageMs < GRACE_MS) return false;
    oldest.giveWay();
    return true;
  }

  onHello(handshake: Handshake): void {
    const { raw, hello } = handshake;
    if (hello === null || !asksForChallenge(hello)) {
      if (handshake.allowsHello()) {
        // Documented as the way to inject a connection.
        this.#server?.emit('connection', raw);
        return;
      }
      raw.write(ACCESS_DENIED);
      handshake.fail('a plugin refused it');
      return;
    }
    const challenge = this.#challenges.alpn(hello.serverName.toLowerCase());
    if (challenge === null) {
      raw.write(NO_APPLICATION_PROTOCOL);
      handshake.fail('no challenge is prepared for the name');
      return;
    }
    try {
      handshake.answerChallenge(challenge);
    } catch (error) {
      this.#log.error({ err: error, serverName: hello.serverName }, 'a challenge can not be answered');
      handshake.fail('the certificate of the challenge can not be used');
    }
  }

  onOver({ raw }: Handshake): void {
    this.#underWay.delete(raw);
  }

  certificatesChanged(): void {
    this.contexts.forgetNames();
    void this.renew();
  }

  /** Takes the present default certificate and ticket keys for the connections to come. */
  async renew(): Promise<void> {
    try {
      // One that is being made may have begun with what is out of date now.
      const server = this.#server ?? (await this.#making);
      if (server === null) return;
      server.setSecureContext(await this.contexts.baseOptions());
      openTicketsWith(server, () => this.contexts.ticketKeys());
    } catch (error) {
      this.#log.error(
        { err: error },
        'the default certificate can not be used; that of before goes on serving',
      );
    }
  }

  async #makeServer(): Promise<Server> {
    const contexts = this.contexts;
    const { clientCertificates } = this.#tls;
    const choose = (socket: TLSSocket, name: string, answer: SniAnswer): void =>
      this.#chooseCertificate(socket, name, answer);
    const server = createServer({
      ...(await contexts.baseOptions()),
      ALPNProtocols: [...this.#tls.protocols],
      requestCert: clientCertificates !== null,
      // Has OpenSSL tell a client that sends none. Where a client may do without, `#judge` finds those that send a wrong one.
      rejectUnauthorized: clientCertificates?.mode === 'require',
      // Never: the deadline of `Handshake` is the one that counts.
      handshakeTimeout: 2 ** 31 - 1,
      SNICallback(this: unknown, name: string, answer: SniAnswer) {
        // Node calls it on the connection.
        if (this instanceof TLSSocket) choose(this, name, answer);
        else answer(new Error('the connection is unknown'));
      },
    });
    openTicketsWith(server, () => contexts.ticketKeys());
    // Node asks within the answer of `SNICallback`. Without a name there is nothing stapled: which of several certificates OpenSSL takes then is not known.
    server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, this.#staple));
    server.on('secureConnection', (socket) => this.#judge(socket));
    server.on('tlsClientError', (error, socket) => {
      const raw = carrierOf(socket);
      if (raw !== null) this.#underWay.get(raw)?.fail(reasonOf(error, socket));
    });
    return server;
  }

  #chooseCertificate(socket: TLSSocket, name: string, answer: SniAnswer): void {
    const raw = carrierOf(socket);
    const handshake = (raw === null ? undefined : this.#underWay.get(raw)) ?? null;
    const take = ({ contexts }: FoundContexts): void => {
      // It has left while we asked, and its handshake is over.
      if (socket.destroyed) return answer(new Error('the connection is closed'));
      if (contexts !== null) {
        const client = { signatures: socket.getSharedSigalgs(), hello: handshake?.hello ?? null };
        const chosen = chooseContext(contexts, client, this.#tls.policy);
        this.#staple = chosen?.staple ?? null;
        answer(null, chosen?.context);
        this.#staple = null;
        return undefined;
      }
      raw?.write(UNRECOGNIZED_NAME);
      return answer(new Error(`no certificate for ${JSON.stringify(name)}`));
    };
    const found = this.contexts.find(name);
    if (!(found instanceof Promise)) return take(found);
    found
      .then((first) =>
        first.asksRule && handshake?.allowsCertificate(name.toLowerCase()) === true
          ? this.contexts.find(name, true)
          : first,
      )
      .then(take)
      .catch((error: unknown) => {
        this.#log.error({ err: error, serverName: name }, 'a certificate can not be used');
        answer(new Error('the certificate can not be used', { cause: error }));
      });
    return undefined;
  }

  /** A client's certificate that does not verify is as good as a forged one. */
  #judge(socket: TLSSocket): void {
    const raw = carrierOf(socket);
    const handshake = raw === null ? undefined : this.#underWay.get(raw);
    const { clientCertificates } = this.#tls;
    if (handshake === undefined) {
      socket.destroy();
      return;
    }
    const problem = clientCertificates === null ? null : refusalOf(socket, clientCertificates.mode);
    if (problem === null) return handshake.succeed(socket);
    socket.destroy();
    handshake.fail(refusedCertificate(problem));
  }
}

/** Node ends a connection whose client's certificate does not verify, and says why on the connection only. */
function reasonOf(error: Error, { authorizationError }: TLSSocket): string {
  // Its types know an Error, but it is null or the code of one.
  const problem: unknown = authorizationError;
  return typeof problem === 'string' ? refusedCertificate(problem) : error.message;
}

function refusedCertificate(problem: string): string {
  return `the client's certificate was refused: ${problem}`;
}

/**
 * null: the client may come in. Asked of every connection, resumed ones too: Node takes every one that is resumed for
 * authorized, also where its session began without a certificate, or with one that has expired since.
 */
function refusalOf(socket: TLSSocket, mode: 'require' | 'optional'): string | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return mode === 'optional' ? null : 'there is none';
  if (!socket.authorized) return String(socket.authorizationError);
  return certificate.validToDate < new Date() ? 'CERT_HAS_EXPIRED' : null;
}

/** The connection below a TLS one, which Node keeps there but does not document. */
function carrierOf(socket: unknown): Socket | null {
  const carrier: unknown = socket instanceof TLSSocket ? Reflect.get(socket, '_parent') : null;
  return carrier instanceof Socket ? carrier : null;
}
