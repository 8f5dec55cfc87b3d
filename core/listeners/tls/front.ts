import { Socket } from 'node:net';
import { createServer, TLSSocket, type SecureContext, type Server } from 'node:tls';
import type { TlsConfig } from '../../shared/config-types.ts';
import type { Logger } from '../../shared/log.ts';
import { contextFor, TlsContexts, type CertificateSource } from './contexts.ts';
import { Handshake, type HandshakeOwner } from './handshake.ts';

/** RFC 8446 6.2: a fatal unrecognized_name, as it is sent before anything is encrypted. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

type SniAnswer = (error: Error | null, context?: SecureContext) => void;

/**
 * Makes TLS connections of accepted ones on the terms of one listener. It outlives reloads that leave
 * the terms as they are, so that what it has made ready stays in use.
 */
export class TlsFront {
  readonly contexts: TlsContexts;
  readonly #tls: TlsConfig;
  readonly #log: Pick<Logger, 'error'>;
  /** Never listens: connections are handed to it. */
  #server: Server | null = null;
  #making: Promise<Server> | null = null;
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
    if (this.#server === null || this.#underWay.size >= this.#tls.maxHandshakes) return null;
    const handshake = new Handshake(raw, this.#tls.handshakeTimeoutMs, owner, () =>
      this.#underWay.delete(raw),
    );
    this.#underWay.set(raw, handshake);
    // A client that ends its side in mid-handshake has gone; after it, half a connection can be worth an answer.
    raw.allowHalfOpen = false;
    // Documented as the way to inject a connection.
    this.#server.emit('connection', raw);
    return handshake;
  }

  certificatesChanged(): void {
    this.contexts.forgetNames();
    void this.renew();
  }

  /** Takes the present default certificate and ticket key for the connections to come. */
  async renew(): Promise<void> {
    try {
      // One that is being made may have begun with what is out of date now.
      const server = this.#server ?? (await this.#making);
      server?.setSecureContext(await this.contexts.baseOptions());
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
      // Judged in `#judge`, where a client that sends none can be told from one that sends a wrong one.
      rejectUnauthorized: false,
      // Never: the deadline of `Handshake` is the one that counts.
      handshakeTimeout: 2 ** 31 - 1,
      SNICallback(this: unknown, name: string, answer: SniAnswer) {
        // Node calls it on the connection.
        if (this instanceof TLSSocket) choose(this, name, answer);
        else answer(new Error('the connection is unknown'));
      },
    });
    server.on('secureConnection', (socket) => this.#judge(socket));
    server.on('tlsClientError', (error, socket) => {
      const raw = carrierOf(socket);
      if (raw !== null) this.#underWay.get(raw)?.fail(error.message);
    });
    return server;
  }

  #chooseCertificate(socket: TLSSocket, name: string, answer: SniAnswer): void {
    const take = (contexts: Awaited<ReturnType<TlsContexts['find']>>): void => {
      if (contexts !== null) return answer(null, contextFor(contexts, socket.getSharedSigalgs()));
      carrierOf(socket)?.write(UNRECOGNIZED_NAME);
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
    if (handshake === undefined) socket.destroy();
    else if (clientCertificates === null || socket.authorized) handshake.succeed(socket);
    else if (clientCertificates.mode === 'optional' && socket.getPeerX509Certificate() === undefined)
      handshake.succeed(socket);
    else {
      socket.destroy();
      handshake.fail(`the client's certificate was refused: ${String(socket.authorizationError)}`);
    }
  }
}

/** The connection below a TLS one, which Node keeps there but does not document. */
function carrierOf(socket: unknown): Socket | null {
  const carrier: unknown = socket instanceof TLSSocket ? Reflect.get(socket, '_parent') : null;
  return carrier instanceof Socket ? carrier : null;
}
