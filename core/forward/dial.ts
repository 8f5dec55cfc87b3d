import type { BackendEvents, BackendSettings, BackendStream, TunnelEnd } from '../exchange/streams.ts';
import { connectError, connectFailed, timedOut, tlsFailed } from '../http1/backend-failures.ts';
import type { OpeningSocket } from '../http1/open-socket.ts';
import { ClientSession, type ClientSessionOwner } from '../http2/client-session.ts';
import type { UpstreamConfig } from '../shared/config-types.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import { ProxyError } from '../shared/errors.ts';

/** The pool that a dial fills. */
export interface DialOwner {
  readonly deadlines: Deadlines;
  readonly scheme: 'http' | 'https';
  /** HTTP/2 has begun. */
  onSession(dial: Dial, session: ClientSession): void;
  /** A session that was handed over takes no more attempts. */
  onSessionOver(session: ClientSession): void;
  /** The backend chose HTTP/1.1: the socket is connected. null: that is not acceptable. */
  readonly onHttp1: ((dial: Dial, socket: OpeningSocket) => void) | null;
  onDialFailed(dial: Dial, error: ProxyError): void;
}

/** A connection that comes about, and those that wait for it: it will be HTTP/2 with a word of what the backend allows, or HTTP/1.1 by choice of the backend (ALPN). */
export class Dial implements Timed, ClientSessionOwner {
  readonly deadlines: Deadlines;
  readonly scheme: 'http' | 'https';
  readonly waiting = new Set<WaitingStream>();
  deadlineMs: number;
  readonly #opening: OpeningSocket;
  readonly config: UpstreamConfig;
  readonly #owner: DialOwner;
  readonly #onError = (error: Error): void => this.#fail(connectError(error));
  readonly #onClose = (): void => this.#fail(connectFailed('the backend closed the connection'));
  #session: ClientSession | null = null;
  #isDone = false;

  constructor(opening: OpeningSocket, config: UpstreamConfig, owner: DialOwner) {
    this.#opening = opening;
    this.config = config;
    this.#owner = owner;
    this.deadlines = owner.deadlines;
    this.scheme = owner.scheme;
    this.deadlineMs = performance.now() + config.timeouts.connectMs;
    this.deadlines.add(this);
    const { socket, readyEvent } = opening;
    if (readyEvent !== null) socket.once(readyEvent, () => this.#onConnected());
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Whether it begins with something that makes it one client's alone. */
  get isPrivate(): boolean {
    return this.#opening.preface !== null;
  }

  #onConnected(): void {
    if (this.#isDone) return;
    const { socket } = this.#opening;
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    const connected = { ...this.#opening, readyEvent: null };
    if (speaksHttp2(this.#opening)) {
      this.#session = new ClientSession(connected, this.config, this);
      return;
    }
    const { onHttp1 } = this.#owner;
    if (onHttp1 === null) {
      socket.on('error', () => {});
      return this.#fail(tlsFailed('the backend does not choose h2 by ALPN'));
    }
    this.#finish();
    onHttp1(this, connected);
  }

  onReady(session: ClientSession): void {
    this.#finish();
    this.#owner.onSession(this, session);
  }

  onOver(session: ClientSession, reason: string): void {
    if (this.#isDone) this.#owner.onSessionOver(session);
    else this.#fail(connectFailed(`the backend ${reason}`));
  }

  onDeadline(): void {
    this.#fail(timedOut('connecting', this.config.timeouts, false));
  }

  /** Gives it up if nobody waits. */
  cancelUnwanted(): void {
    if (this.waiting.size === 0) this.#fail(connectFailed('was no longer wanted'));
  }

  #fail(error: ProxyError): void {
    if (this.#isDone) return;
    this.#finish();
    if (this.#session === null) this.#opening.socket.destroy();
    else this.#session.destroy();
    this.#owner.onDialFailed(this, error);
  }

  #finish(): void {
    this.#isDone = true;
    this.deadlines.delete(this);
  }
}

/** Without TLS there is nothing to negotiate: HTTP/2 is known to be spoken. */
function speaksHttp2({ socket }: OpeningSocket): boolean {
  return !('alpnProtocol' in socket) || socket.alpnProtocol === 'h2';
}

/** An attempt that waits for its connection, and goes on over another stream then. */
export class WaitingStream implements BackendStream {
  readonly isReused = false;
  readonly mayGoUnread = false;
  readonly #dial: Dial;
  #opened: {
    readonly events: BackendEvents;
    readonly method: string;
    readonly settings: BackendSettings;
  } | null = null;

  /** What it goes on over; its connection may still come about. */
  #next: BackendStream | null = null;

  constructor(dial: Dial) {
    this.#dial = dial;
    dial.waiting.add(this);
  }

  open(events: BackendEvents, method: string, settings: BackendSettings): void {
    this.#opened = { events, method, settings };
  }

  /** null: there is none to be had. */
  continueOn(stream: BackendStream | null): void {
    if (stream === null)
      this.fail(
        new ProxyError(
          'backend-connections-exhausted',
          'proxy',
          'the backend has all its connections in use',
          { retryable: true },
        ),
      );
    else if (this.#opened === null) stream.abort();
    else {
      this.#next = stream;
      stream.open(this.#opened.events, this.#opened.method, this.#opened.settings);
    }
  }

  fail(error: ProxyError): void {
    this.#opened?.events.onBackendError(error);
  }

  abort(): void {
    this.#opened = null;
    this.#dial.waiting.delete(this);
    this.#next?.abort();
  }

  // Nothing of this happens before there is a connection.

  sendHead(): void {}

  sendData(): boolean {
    return true;
  }

  sendEnd(): void {}

  flush(): void {}

  pauseResponse(): void {}

  resumeResponse(): void {}

  takeTunnelEnd(): TunnelEnd {
    throw new Error('there is no connection yet');
  }
}
