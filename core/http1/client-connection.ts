import type { Socket } from 'node:net';
import type { HeaderList } from '../exchange/headers.ts';
import {
  hasBody,
  type BackendEvents,
  type BackendSettings,
  type BackendStream,
  type BodyFraming,
  type OutgoingRequest,
  type TunnelEnd,
} from '../exchange/streams.ts';
import { ConnectionLife } from '../shared/connection-life.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import type { ProxyError } from '../shared/errors.ts';
import type { SocketInput } from '../shared/socket-input.ts';
import { AnswerReader, type AnswerReaderOwner } from './answer-reader.ts';
import {
  connectError,
  connectFailed,
  cutOff,
  malformedAnswer,
  MAX_INFORMATIONAL,
  timedOut,
} from './backend-failures.ts';
import { MessageWriter } from './message-writer.ts';
import type { OpeningSocket } from './open-socket.ts';
import { SocketEnd } from './socket-end.ts';
import type { ParsedResponse } from './parse-head.ts';

/** The pool that the connection belongs to. */
export interface ClientConnectionOwner {
  readonly deadlines: Deadlines;
  /** The exchange is over and the connection can take another one. */
  onReusable(connection: ClientConnection): void;
  onClosed(connection: ClientConnection): void;
}

type Phase = 'connecting' | 'idle' | 'head' | 'body' | 'switched' | 'closed';

/**
 * The proxy's end of an HTTP/1.1 connection to a backend: one attempt at a time. It is used again
 * only if both messages ended where their framing said; whatever else happens on it ends it.
 */
export class ClientConnection implements BackendStream, AnswerReaderOwner, Timed {
  readonly socket: Socket;
  /** What the connection began with, which makes it one client's alone; null: nothing. */
  readonly preface: string | null;
  deadlineMs: number;
  readonly #input: SocketInput;
  readonly #owner: ClientConnectionOwner;
  readonly #reader: AnswerReader;
  readonly #writer: MessageWriter;
  #settings: BackendSettings;
  #phase: Phase = 'connecting';
  #events: BackendEvents | null = null;
  #informational = 0;
  #sent = true;
  #chunkedRequest = false;
  #reusable = false;
  readonly #life = new ConnectionLife();
  #wasIdle = false;

  constructor(opening: OpeningSocket, settings: BackendSettings, owner: ClientConnectionOwner) {
    this.preface = opening.preface;
    this.#owner = owner;
    this.#settings = settings;
    this.socket = opening.socket;
    this.#input = opening.input;
    this.#reader = new AnswerReader(this, settings.limits);
    this.#writer = new MessageWriter(this.socket);
    this.deadlineMs = performance.now() + settings.timeouts.connectMs;
    owner.deadlines.add(this);
    this.#input.receive = (piece) => this.#onData(piece);
    if (opening.readyEvent === null) this.#phase = 'idle';
    else this.socket.once(opening.readyEvent, () => this.#onConnect());
    this.socket.on('drain', () => this.#onDrain());
    this.socket.on('end', () => this.#onEnd());
    this.socket.on('error', (error: Error) => this.#onError(error));
    this.socket.on('close', () => this.#onClose());
  }

  /** Whether it was idle before: a failure may then be that the backend just closed it. */
  get isReused(): boolean {
    return this.#wasIdle;
  }

  /** Until the end of the turn in which it is sent the request may stay unwritten, since the backend closes the connection. */
  get mayGoUnread(): boolean {
    return this.#wasIdle;
  }

  /** Whether it is to take no more exchanges. */
  get isSpent(): boolean {
    return this.#life.isOver(this.#settings.connections);
  }

  /** Begins an attempt on a fresh or idle connection; `onConnected` follows, at once on an idle one. */
  open(events: BackendEvents, method: string, settings: BackendSettings): void {
    this.#events = events;
    this.#settings = settings;
    this.#reader.expectAnswer(method, settings.limits);
    this.#informational = 0;
    this.#life.requests += 1;
    this.#writer.hasWritten = false;
    if (this.#phase !== 'idle') return;
    this.#phase = 'head';
    events.onConnected(this);
  }

  destroy(): void {
    this.#events = null;
    this.#discard();
  }

  /** The pool hears of it at once, not on 'close': a connection that is gone must neither be handed out nor hold a place. */
  #discard(): void {
    this.socket.destroy();
    this.#owner.onClosed(this);
  }

  // --- sending -----------------------------------------------------------------------------

  sendHead(head: OutgoingRequest, framing: BodyFraming, expectsContinue: boolean): void {
    this.#chunkedRequest = framing.kind === 'chunked';
    this.#sent = !hasBody(framing);
    this.#writer.hold(`${head.text()}\r\n`);
    if (this.#sent) this.#writer.flush();
    // While the client owes its body, time is not the backend's to use up.
    if (this.#sent || expectsContinue) this.#armResponseDeadline();
  }

  sendData(piece: Buffer): boolean {
    const taken = this.#writer.body(piece, this.#chunkedRequest);
    if (this.#phase === 'head' && taken) this.deadlineMs = 0;
    else if (!this.#reader.paused) this.#armResponseDeadline();
    return taken;
  }

  sendEnd(trailers: HeaderList | null): void {
    this.#writer.end(trailers, this.#chunkedRequest);
    this.#sent = true;
    if (!this.#reader.paused) this.#armResponseDeadline();
  }

  flush(): void {
    this.#writer.flush();
  }

  // --- receiving ---------------------------------------------------------------------------

  #onConnect(): void {
    if (this.#phase !== 'connecting') return;
    this.deadlineMs = 0;
    if (this.#events === null) return this.becomeIdle();
    this.#phase = 'head';
    this.#events.onConnected(this);
  }

  #onData(piece: Buffer): void {
    // Bytes that answer nothing would be taken for the next exchange's answer.
    if (this.#phase === 'idle' || this.#phase === 'connecting') return this.#discard();
    if (this.#phase === 'closed') return;
    // The same: what ended it, such as a 408, is no answer to a request that is still to be written.
    if (this.#isUnwritten) return this.#failAtStage('sent something');
    this.#reader.receive(piece);
    this.#onReadPause();
  }

  /** What was received is read, but for what is held back on purpose. */
  #onReadPause(): void {
    if (this.#phase === 'body' && !this.#reader.paused) this.#armResponseDeadline();
    this.#events?.onReadPause();
  }

  onAnswerHead(parsed: ParsedResponse): void {
    const { head } = parsed;
    const events = this.#events;
    if (events === null) return;
    if (head.status === 101) {
      this.#phase = 'switched';
      this.deadlineMs = 0;
      events.onSwitchProtocols(head, parsed.upgrade);
      return;
    }
    if (head.status < 200) {
      this.#informational += 1;
      if (this.#informational > MAX_INFORMATIONAL)
        return this.#fail(malformedAnswer(`more than ${MAX_INFORMATIONAL} informational answers`));
      if (this.#sent) this.#armResponseDeadline();
      else if (head.status === 100) this.deadlineMs = 0;
      events.onInformational(head);
      return;
    }
    this.#reusable = parsed.keepAlive;
    this.#phase = 'body';
    events.onResponseHead(head);
    if (!hasBody(head.framing) && this.#events === events) this.#complete(null);
  }

  onUnreadable(error: ProxyError): void {
    this.#fail(error);
  }

  onBodyData(piece: Buffer): void {
    this.#events?.onResponseData(piece);
  }

  onBodyPause(): void {}

  onBodyEnd(trailers: HeaderList | null): void {
    this.#complete(trailers);
  }

  onBodyError(): void {}

  /** The answer is whole: hand the connection back before the exchange hears of it, so that a next one may use it. */
  #complete(trailers: HeaderList | null): void {
    const events = this.#events;
    this.#events = null;
    this.#reader.end();
    this.deadlineMs = 0;
    // Bytes behind the end of the answer belong to no request of ours: the connection is not to be trusted any more.
    const isIntact = this.#reusable && this.#sent && !this.#reader.hasReadAhead && !this.socket.destroyed;
    if (isIntact && !this.isSpent) this.becomeIdle();
    else this.#discard();
    events?.onResponseEnd(trailers);
  }

  /** For the pool: nobody wants it at present. */
  becomeIdle(): void {
    this.#phase = 'idle';
    this.#wasIdle = true;
    if (this.#reader.paused) {
      // The client was slow to take the last piece, which is none of the next exchange's business.
      this.#reader.paused = false;
      this.socket.resume();
    }
    const { timeouts, connections } = this.#settings;
    this.deadlineMs = Math.min(performance.now() + timeouts.idleMs, this.#life.endMs(connections));
    this.#owner.onReusable(this);
  }

  pauseResponse(): void {
    if ((this.#phase !== 'body' && this.#phase !== 'switched') || this.#reader.paused) return;
    this.#reader.paused = true;
    this.deadlineMs = 0;
    this.socket.pause();
  }

  resumeResponse(): void {
    if (!this.#reader.paused) return;
    this.#reader.paused = false;
    this.#reader.advance();
    this.#onReadPause();
    if (!this.#reader.paused && this.#phase !== 'closed') this.socket.resume();
  }

  abort(): void {
    this.#events = null;
    this.#reader.end();
    this.#discard();
  }

  takeTunnelEnd(): TunnelEnd {
    this.#events = null;
    this.deadlineMs = 0;
    for (const event of ['end', 'drain', 'error']) this.socket.removeAllListeners(event);
    return new SocketEnd(this.socket, this.#input, this.#reader.takeReadAhead());
  }

  #armResponseDeadline(): void {
    this.deadlineMs = performance.now() + this.#settings.timeouts.responseMs;
  }

  // --- what befalls the socket --------------------------------------------------------------

  #onDrain(): void {
    if (this.#phase === 'head') {
      if (this.#sent) this.#armResponseDeadline();
      else this.deadlineMs = 0;
    }
    this.#events?.onBackendWritable();
  }

  #onEnd(): void {
    if (this.#phase === 'idle') this.#discard();
    else if (this.#phase === 'body' && this.#events !== null && this.#reader.endsWithConnection)
      this.#complete(null);
    else if (this.#phase !== 'switched') this.#failAtStage('closed the connection');
  }

  #onError(error: Error): void {
    if (this.#phase === 'connecting') this.#fail(connectError(error));
    else this.#failAtStage(`broke the connection: ${error.message}`);
  }

  #onClose(): void {
    this.#owner.deadlines.delete(this);
    // Between a 101 and `takeTunnelEnd` nobody else would hear of it.
    if (this.#phase !== 'switched' || this.#events !== null) this.#failAtStage('closed the connection');
    this.#phase = 'closed';
    this.#owner.onClosed(this);
  }

  onDeadline(): void {
    if (this.#phase === 'idle') this.#discard();
    else if (this.#phase === 'connecting' || this.#phase === 'head' || this.#phase === 'body')
      this.#fail(timedOut(this.#phase, this.#settings.timeouts, this.#reader.received > 0));
  }

  get #isUnwritten(): boolean {
    return this.#phase === 'head' && !this.#writer.hasWritten;
  }

  #failAtStage(how: string): void {
    if (this.#isUnwritten)
      return this.#fail(connectFailed(`the backend ${how} before the request was written`));
    const stage = this.#phase === 'connecting' || this.#phase === 'body' ? this.#phase : 'head';
    this.#fail(cutOff(stage, how, this.#reader.received > 0));
  }

  #fail(error: ProxyError): void {
    const events = this.#events;
    this.#events = null;
    this.#reader.end();
    this.deadlineMs = 0;
    this.#discard();
    events?.onBackendError(error);
  }
}
