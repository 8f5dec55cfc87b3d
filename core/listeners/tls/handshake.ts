import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Deadlines, Timed } from '../../shared/deadlines.ts';
import { answerChallenge, type AlpnChallenge } from './answer-challenge.ts';
import { readClientHello, type ClientHello } from '../../shared/client-hello.ts';

/** The listener that a connection came to. */
export interface HandshakeOwner {
  readonly deadlines: Deadlines;
  /** The connection is to be used through `socket` from now on. */
  onSecure(socket: TLSSocket): void;
  /** The connection has ended. */
  onFailed(reason: string): void;
  /** It is a CA that validates a name, no client; `onChallengeOver` follows. */
  onChallenge(): void;
  /** The CA has what it wanted, or has left. */
  onChallengeOver(): void;
  /** Whether plugins let the handshake begin; `hello` is null where it can not be read. */
  allowsHello(hello: ClientHello | null): boolean;
  /** Whether the rule script lets a name have a certificate, which is to be obtained for it. */
  allowsCertificate(serverName: string): boolean;
}

/** The front that a handshake belongs to. */
export interface HandshakeFront {
  /** `handshake.hello` is there, and nothing is taken from `handshake.raw`, which is paused. */
  onHello(handshake: Handshake): void;
  /** Called once, before the owner hears how it ended. */
  onOver(handshake: Handshake): void;
}

/**
 * The first stage of a connection to an HTTPS listener: no name, no certificate and no request is known yet. It looks at
 * what the client says first, and puts it back for OpenSSL.
 */
export class Handshake implements Timed {
  readonly raw: Socket;
  /** null before it has come, and where there was none to be read. */
  hello: ClientHello | null = null;
  deadlineMs: number;
  readonly #begunMs = performance.now();
  readonly #timeoutMs: number;
  readonly #owner: HandshakeOwner;
  readonly #front: HandshakeFront;
  /** What TLS has to say of it comes a moment later. */
  readonly #onClose = (): void => void setImmediate(() => this.fail('the client closed the connection'));
  readonly #received: Buffer[] = [];
  #receivedBytes = 0;
  #neededBytes = 0;
  #isChallenge = false;
  #over = false;

  /** `raw`: paused. */
  constructor(raw: Socket, timeoutMs: number, owner: HandshakeOwner, front: HandshakeFront) {
    this.raw = raw;
    this.#timeoutMs = timeoutMs;
    this.#owner = owner;
    this.#front = front;
    this.deadlineMs = this.#begunMs + timeoutMs;
    owner.deadlines.add(this);
    raw.on('error', () => {}); // 'close' follows
    raw.once('close', this.#onClose);
    raw.on('data', this.#onData);
    raw.resume();
  }

  /** How long it has taken so far. */
  get ageMs(): number {
    return performance.now() - this.#begunMs;
  }

  readonly #onData = (piece: Buffer): void => {
    this.#received.push(piece);
    this.#receivedBytes += piece.length;
    // Joined only when there is something new to be found: whoever sends single bytes would have all of them copied each time.
    if (this.#receivedBytes < this.#neededBytes) return;
    const bytes = Buffer.concat(this.#received);
    const hello = readClientHello(bytes);
    if (typeof hello === 'number') {
      this.#neededBytes = hello;
      return;
    }
    this.#received.length = 0;
    this.raw.off('data', this.#onData);
    this.raw.pause();
    this.raw.unshift(bytes);
    this.hello = hello;
    this.#front.onHello(this);
  };

  succeed(socket: TLSSocket): void {
    if (this.#over) socket.destroy();
    else {
      this.#end();
      socket.allowHalfOpen = true;
      this.#owner.onSecure(socket);
    }
  }

  fail(reason: string): void {
    if (this.#over) return;
    this.#end();
    if (this.#isChallenge) return this.#owner.onChallengeOver();
    this.raw.destroySoon();
    this.#owner.onFailed(reason);
  }

  /** It is not the handshake of a client. @throws where the certificate can not be used */
  answerChallenge(challenge: AlpnChallenge): void {
    answerChallenge(this.raw, challenge, () => this.fail('the challenge is over'));
    this.#isChallenge = true;
    this.#owner.onChallenge();
  }

  allowsHello(): boolean {
    return this.#owner.allowsHello(this.hello);
  }

  allowsCertificate(serverName: string): boolean {
    return !this.#over && this.#owner.allowsCertificate(serverName);
  }

  /** What has begun ends by itself soon enough. */
  closeIfIdle(): void {
    if (this.#receivedBytes === 0) this.destroy();
  }

  destroy(): void {
    this.raw.destroy();
  }

  onDeadline(): void {
    this.fail(`no whole handshake within ${this.#timeoutMs} ms`);
    this.raw.destroy();
  }

  /** Its place is wanted by others. */
  giveWay(): void {
    this.fail('its place was needed for others');
    this.raw.destroy();
  }

  #end(): void {
    this.#over = true;
    this.#owner.deadlines.delete(this);
    this.raw.off('data', this.#onData);
    this.raw.removeListener('close', this.#onClose);
    this.#front.onOver(this);
  }
}
