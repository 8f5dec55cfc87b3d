import type { Socket } from 'node:net';
import type { HeaderList } from '../exchange/headers.ts';
import type {
  Acceptor,
  BodyConsumer,
  ClientEvents,
  ClientLimits,
  ClientStream,
  Peer,
  ResponseHead,
  TunnelEnd,
} from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';
import type { Timed } from '../shared/deadlines.ts';
import type { SocketInput } from '../shared/socket-input.ts';
import type { BodyReader } from './body-reader.ts';
import { MessageWriter } from './message-writer.ts';
import type { ParsedRequest } from './parse-head.ts';
import { reset } from '../shared/reset.ts';
import { SocketEnd } from './socket-end.ts';
import { RequestReader, type RequestReaderOwner } from './request-reader.ts';
import {
  answerFraming,
  serializeInformationalHead,
  serializeResponseHead,
  serializeSwitchingHead,
} from './serialize-response.ts';

/** The connection's owner. */
export interface ServerConnectionOwner extends Acceptor {
  onRequest(peer: Peer, client: ClientStream, request: ParsedRequest): ClientEvents;
}

/** How long a closed connection still takes (and drops) what the client sends, lest a reset destroy the answer (RFC 9112 9.6). */
const LINGER_MS = 2000;

/**
 * The client's end of an HTTP/1.1 connection: answers the requests that its reader finds, one after
 * the other, and ends the connection where the next one could not be told from what came before.
 */
export class ServerConnection implements ClientStream, RequestReaderOwner, Timed {
  readonly socket: Socket;
  readonly #peer: Peer;
  deadlineMs = 0;
  readonly #input: SocketInput;
  readonly #owner: ServerConnectionOwner;
  readonly #reader: RequestReader;
  readonly #writer: MessageWriter;
  #phase: 'open' | 'lingering' | 'closed' = 'open';
  #events: ClientEvents | null = null;
  #answered = false;
  #chunkedAnswer = false;
  #closeAfter = false;

  /** `input`: all that the socket reads. */
  constructor(socket: Socket, input: SocketInput, peer: Peer, owner: ServerConnectionOwner) {
    this.socket = socket;
    this.#input = input;
    this.#peer = peer;
    this.#owner = owner;
    this.#reader = new RequestReader(this);
    this.#writer = new MessageWriter(socket);
    this.deadlineMs = performance.now() + this.#reader.limits.headerMs;
    owner.deadlines.add(this);
    input.receive = (piece) => this.#reader.receive(piece);
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => {}); // 'close' follows and says all that matters
    socket.on('close', () => this.#onClose());
  }

  /** Ends the connection if it is idle; else it ends after its exchange, since `owner.draining` is set. */
  closeIfIdle(): void {
    if (this.#reader.isIdle && !this.#reader.hasReadAhead) this.#linger();
  }

  destroy(): void {
    this.socket.destroy();
  }

  // --- what the reader finds ---------------------------------------------------------------

  currentLimits(): ClientLimits {
    return this.#owner.limits();
  }

  onRequest(request: ParsedRequest): void {
    this.#answered = false;
    this.#closeAfter = !request.keepAlive;
    this.#events = this.#owner.onRequest(this.#peer, this, request);
    // The exchange may have ended within the call.
    if (this.#answered) this.#events = null;
  }

  /** Answers what is no request, then ends the connection: where the next request begins is unknown. */
  onUnreadable(error: ProxyError): void {
    this.#answered = false;
    this.#closeAfter = true;
    this.#events = this.#owner.onRefused(this.#peer, this, error);
    if (this.#answered) this.#events = null;
  }

  onBodyRead(body: BodyReader): void {
    const answeredBefore = this.#answered;
    body.finish();
    // An answer that ends within `finish` has decided in `sendEnd` whether the connection goes on.
    if (answeredBefore) this.#nextRequest();
  }

  onBodyFailed(body: BodyReader, error: ProxyError): void {
    this.#closeAfter = true;
    body.fail(error);
    if (this.#answered) this.#linger();
  }

  readBody(consumer: BodyConsumer): void {
    this.#reader.readBody(consumer);
  }

  pauseBody(): void {
    this.#reader.pauseBody();
  }

  resumeBody(): void {
    this.#reader.resumeBody();
  }

  // --- answering ---------------------------------------------------------------------------

  sendInformational(status: number, reason: string, headers: HeaderList): void {
    // RFC 9110 15.2: a 1xx must not be sent to an HTTP/1.0 client.
    if (this.#reader.phase !== 'exchange' || this.#reader.request?.version === 'HTTP/1.0') return;
    this.#writer.writeNow(serializeInformationalHead(status, reason, headers));
    if (status === 100 && this.#reader.isReadingBody) this.#reader.armBodyDeadline();
  }

  closeAfterAnswer(): void {
    this.#closeAfter = true;
  }

  sendHead(head: ResponseHead): void {
    const { request, canDiscardBody } = this.#reader;
    if (this.#owner.draining || !canDiscardBody) this.#closeAfter = true;
    const framing = answerFraming(head, request);
    this.#chunkedAnswer = framing === 'chunked';
    if (framing === 'until-close') this.#closeAfter = true;
    this.#writer.hold(serializeResponseHead(head, request, framing, this.#closeAfter));
  }

  sendData(piece: Buffer): boolean {
    const taken = this.#writer.body(piece, this.#chunkedAnswer);
    if (!taken) this.deadlineMs = performance.now() + this.#reader.limits.writeMs;
    return taken;
  }

  sendEnd(trailers: HeaderList | null): void {
    this.#writer.end(trailers, this.#chunkedAnswer);
    this.#answered = true;
    this.#events = null;
    if (this.#closeAfter) this.#linger();
    else if (this.#reader.bodyFinished) this.#nextRequest();
    else this.#reader.discardBody();
  }

  flush(): void {
    this.#writer.flush();
  }

  abort(): void {
    this.#events = null;
    this.#answered = true;
    this.#reader.end();
    // A FIN would make a body that ends with the connection look complete; a reset can not.
    reset(this.socket);
  }

  switchProtocols(reason: string, headers: HeaderList): TunnelEnd {
    this.#writer.writeNow(serializeSwitchingHead(reason, headers));
    this.#events = null;
    this.#phase = 'closed';
    this.deadlineMs = 0;
    for (const event of ['end', 'drain']) this.socket.removeAllListeners(event);
    return new SocketEnd(this.socket, this.#input, this.#reader.takeReadAhead());
  }

  #nextRequest(): void {
    this.#reader.expectRequest();
    this.deadlineMs = performance.now() + this.#reader.limits.idleMs;
    if (this.#owner.draining && !this.#reader.hasReadAhead) this.#linger();
    else this.#reader.advance();
  }

  /** Sends FIN and waits for the client's, dropping what it still sends. */
  #linger(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'lingering';
    this.#reader.end();
    this.#writer.writeHeld();
    // What the client has yet to take of the answer is worth the whole write timeout.
    this.deadlineMs = performance.now() + this.#reader.limits.writeMs;
    this.socket.end(() => (this.deadlineMs = performance.now() + LINGER_MS));
    this.socket.resume();
  }

  // --- what befalls the socket --------------------------------------------------------------

  #onDrain(): void {
    if (this.#phase === 'lingering') return;
    const reader = this.#reader;
    if (reader.isReadingBody) reader.armBodyDeadline();
    else this.deadlineMs = 0;
    if (this.#events !== null) this.#events.onClientWritable();
    else if (reader.phase === 'head') {
      this.deadlineMs = performance.now() + reader.limits.idleMs;
      reader.advance();
    }
  }

  /** A client that sends FIN in mid-exchange has gone away, as nginx and Go see it: the backend is spared the rest of the work. */
  #onEnd(): void {
    if (this.#reader.phase === 'exchange' && this.#events !== null) {
      this.#gone('the client closed the connection');
      this.socket.destroy();
    } else if (this.#phase === 'lingering') this.socket.destroySoon();
    else this.#linger();
  }

  #onClose(): void {
    this.#owner.deadlines.delete(this);
    this.#gone('the connection broke');
    this.#phase = 'closed';
    this.#owner.onClosed(this.#peer);
  }

  #gone(message: string): void {
    const events = this.#events;
    this.#events = null;
    this.#reader.end();
    events?.onClientGone(new ProxyError('client-abort', 'client', message));
  }

  onDeadline(): void {
    const { limits } = this.#reader;
    if (this.#phase === 'lingering') this.socket.destroy();
    else if (this.#reader.isIdle) this.#linger();
    else if (this.#reader.phase === 'head') {
      // A half-sent head is worth an answer; a connection that was merely idle ends without one.
      this.#reader.refuse(
        new ProxyError('request-timeout', 'client', `no whole head within ${limits.headerMs} ms`),
      );
    } else if (this.#reader.hasBody && !this.socket.writableNeedDrain) {
      this.#reader.failBody(
        new ProxyError('request-timeout', 'client', `no body data for ${limits.bodyMs} ms`),
      );
    } else {
      const events = this.#events;
      this.#events = null;
      const message = `the client took nothing for ${limits.writeMs} ms`;
      events?.onClientGone(new ProxyError('client-write-timeout', 'client', message));
      reset(this.socket);
    }
  }
}
