import { Socket } from 'node:net';
import { createServer, TLSSocket, type SecureContext, type Server } from 'node:tls';
import type { TlsConfig } from '../../shared/listener-types.ts';
import type { Logger } from '../../shared/log.ts';
import { chooseContext, type NamedContexts } from './choose-context.ts';
import { TlsContexts, type CertificateSource } from './contexts.ts';
import { Handshake, type HandshakeFront, type HandshakeOwner } from './handshake.ts';
import { openTicketsWith } from './session-tickets.ts';

/** RFC 8446 6.2: a fatal unrecognized_name, as it is sent before anything is encrypted. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

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
  /** Never listens: connections are handed to it. */
  #server: Server | null = null;
  #making: Promise<Server> | null = null;
  /** The oldest first. */
  readonly #underWay = new Map<Socket, Handshake>();

  constructor(tls: TlsConfig, source: CertificateSource, log: Pick<Logger, 'error'>) {
    this.#tls = tls;
    this.#log = log;
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

  onHello({ raw }: Handshake): void {
    // Documented as the way to inject a connection.
    this.#server?.emit('connection', raw);
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
    server.on('secureConnection', (socket) => this.#judge(socket));
    server.on('tlsClientError', (error, socket) => {
      const raw = carrierOf(socket);
      if (raw !== null) this.#underWay.get(raw)?.fail(reasonOf(error, socket));
    });
    return server;
  }

  #chooseCertificate(socket: TLSSocket, name: string, answer: SniAnswer): void {
    const raw = carrierOf(socket);
    const hello = (raw === null ? undefined : this.#underWay.get(raw))?.hello ?? null;
    const take = (contexts: NamedContexts | null): void => {
      // It has left while we asked, and its handshake is over.
      if (socket.destroyed) return answer(new Error('the connection is closed'));
      const client = { signatures: socket.getSharedSigalgs(), hello };
      if (contexts !== null) return answer(null, chooseContext(contexts, client, this.#tls.policy));
      raw?.write(UNRECOGNIZED_NAME);
      answer(new Error(`no certificate for ${JSON.stringify(name)}`));
    };
    const found = this.contexts.find(name);
    if (!(found instanceof Promise)) return take(found);
    found.then(take).catch((error: unknown) => {
      this.#log.error({ err: error, serverName: name }, 'a certificate can not be used');
      answer(new Error('the certificate can not be used', { cause: error }));
    });
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
