import type { Socket } from 'node:net';
import type { HeaderList } from '../exchange/headers.ts';
import { HeaderKind } from '../exchange/headers.ts';
import type { BodyConsumer, ClientEvents, ClientStream, ResponseHead } from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import { BodyReader } from './body-reader.ts';
import { HeadBuffer, findHeadEnd, isHopeless } from './head-buffer.ts';
import { MessageWriter } from './message-writer.ts';
import { parseRequestHead, type ParsedRequest } from './parse-head.ts';
import { answerFraming, serializeResponseHead } from './serialize-response.ts';

/** The bounds that a listener sets; read anew for each request, so that a reload reaches open connections. */
export interface ServerConnectionLimits {
  readonly headBytes: number;
  readonly headers: number;
  readonly targetBytes: number;
  readonly headerMs: number;
  readonly bodyMs: number;
  readonly idleMs: number;
  readonly writeMs: number;
}

/** The connection's owner: the listener that accepted it. */
export interface ServerConnectionOwner {
  limits(): ServerConnectionLimits;
  /** Whether connections are to end after the exchange under way. */
  readonly draining: boolean;
  readonly deadlines: Deadlines;
  /** Begins an exchange. */
  onRequest(connection: ServerConnection, request: ParsedRequest): ClientEvents;
  /** What came is no request: an exchange that only answers `error`. */
  onRefused(connection: ServerConnection, error: ProxyError): ClientEvents;
  onClosed(connection: ServerConnection): void;
}

/** An unread rest of a request up to this size is read and dropped, so that the connection can live on. */
const MAX_DISCARDED_BYTES = 64 * 1024;
/** How long a closed connection still takes (and drops) what the client sends, lest a reset destroy the answer (RFC 9112 9.6). */
const LINGER_MS = 2000;
const CR = 0x0d;
const LF = 0x0a;

type Phase = 'head' | 'exchange' | 'lingering' | 'closed';

/**
 * The client's end of an HTTP/1.1 connection: reads requests one after the other, answers them in
 * order. Pipelined requests wait in `#readAhead`, bounded because the socket is paused meanwhile.
 */
export class ServerConnection implements ClientStream, Timed {
  readonly socket: Socket;
  readonly peerAddress: string;
  deadlineMs = 0;
  readonly #owner: ServerConnectionOwner;
  readonly #writer: MessageWriter;
  #phase: Phase = 'head';
  #head: HeadBuffer | null = null;
  /** Bytes received behind what was parsed; the socket is paused while there are any. */
  #readAhead: Buffer | null = null;
  #limits: ServerConnectionLimits;
  #events: ClientEvents | null = null;
  #request: ParsedRequest | null = null;
  /** The body being read; null before it was asked for, and after its end. */
  #body: BodyReader | null = null;
  #bodyFinished = true;
  #bodyPaused = false;
  #answered = false;
  #chunkedAnswer = false;
  #closeAfter = false;
  #advancing = false;

  constructor(socket: Socket, peerAddress: string, owner: ServerConnectionOwner) {
    this.socket = socket;
    this.peerAddress = peerAddress;
    this.#owner = owner;
    this.#writer = new MessageWriter(socket);
    this.#limits = owner.limits();
    this.deadlineMs = performance.now() + this.#limits.headerMs;
    owner.deadlines.add(this);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => {}); // 'close' follows and says all that matters
    socket.on('close', () => this.#onClose());
  }

  /** Whether no exchange is under way and no part of a request has come. */
  get isIdle(): boolean {
    return this.#phase === 'head' && (this.#head === null || this.#head.isEmpty);
  }

  /** Ends the connection if it is idle; else it ends after its exchange, since `owner.draining` is set. */
  closeIfIdle(): void {
    if (this.isIdle) this.#linger();
  }

  destroy(): void {
    this.socket.destroy();
  }

  // --- reading -----------------------------------------------------------------------------

  #onData(chunk: Buffer): void {
    if (this.#phase === 'lingering' || this.#phase === 'closed') return;
    if (this.#readAhead !== null) this.#readAhead = Buffer.concat([this.#readAhead, chunk]);
    else this.#readAhead = chunk;
    this.#advance();
  }

  /** Uses up what was received as far as the state allows; not re-entrant, since exchanges may end within. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#readAhead !== null) {
      const chunk: Buffer = this.#readAhead;
      if (this.#phase === 'head' && !this.socket.writableNeedDrain) {
        this.#readAhead = null;
        this.#readHead(chunk);
      } else if (this.#phase === 'exchange' && this.#body !== null && !this.#bodyPaused) {
        this.#readAhead = null;
        this.#readBody(this.#body, chunk);
      } else break;
    }
    this.#advancing = false;
    if (this.#phase === 'lingering' || this.#phase === 'closed') return;
    if (this.#readAhead !== null || this.#bodyPaused) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  #readHead(chunk: Buffer): void {
    let bytes = chunk;
    let searchFrom = 0;
    if (this.#head === null || this.#head.isEmpty) {
      // RFC 9112 2.2: empty lines before a request are ignored; the idle timeout bounds them.
      let start = 0;
      while (bytes[start] === CR && bytes[start + 1] === LF) start += 2;
      if (start > 0) bytes = bytes.subarray(start);
      if (bytes.length === 0) return;
      this.#limits = this.#owner.limits();
    } else {
      searchFrom = this.#head.length - 3;
      bytes = this.#head.add(chunk);
      if (bytes[0] === CR && bytes[1] === LF) {
        // An empty line in two pieces.
        this.#head.clear();
        return this.#readHead(bytes);
      }
    }
    const end = findHeadEnd(bytes, searchFrom);
    // The last three bytes may be part of the empty line, which does not count, wherever the head is cut.
    const size = end === -1 ? bytes.length - 3 : end;
    if (size > this.#limits.headBytes) {
      this.#refuse(oversizedHead(bytes, this.#limits));
      return;
    }
    if (end === -1) {
      if (this.#head === null || this.#head.isEmpty) {
        this.deadlineMs = performance.now() + this.#limits.headerMs;
        this.#head ??= new HeadBuffer();
        this.#head.add(bytes);
      }
      if (isHopeless(bytes, Math.max(0, searchFrom))) {
        this.#refuse(
          new ProxyError('request-malformed', 'client', 'a control character or bare LF in the head'),
        );
      }
      return;
    }
    const rest = end + 4 < bytes.length ? bytes.subarray(end + 4) : null;
    let request: ParsedRequest;
    try {
      request = parseRequestHead(bytes.toString('latin1', 0, end), this.#limits);
    } catch (error) {
      this.#refuse(asProxyError(error));
      return;
    }
    this.#head?.clear();
    // `rest` may be a view of the head buffer, which is let go of here and not written to again.
    this.#readAhead = rest;
    this.#begin(request);
  }

  #begin(request: ParsedRequest): void {
    this.#request = request;
    this.#phase = 'exchange';
    this.deadlineMs = 0;
    this.#body = null;
    this.#bodyFinished =
      request.head.framing.kind === 'none' ||
      (request.head.framing.kind === 'length' && request.head.framing.bytes === 0);
    this.#answered = false;
    this.#closeAfter = !request.keepAlive;
    this.#events = this.#owner.onRequest(this, request);
    // The exchange may have ended within the call.
    if (this.#answered) this.#events = null;
  }

  /** Answers what is no request, then ends the connection: where the next request begins is unknown. */
  #refuse(error: ProxyError): void {
    this.#head?.clear();
    this.#readAhead = null;
    this.#request = null;
    this.#phase = 'exchange';
    this.deadlineMs = 0;
    this.#bodyFinished = false;
    this.#answered = false;
    this.#closeAfter = true;
    this.#events = this.#owner.onRefused(this, error);
    if (this.#answered) this.#events = null;
  }

  readBody(consumer: BodyConsumer): void {
    if (this.#request === null || this.#bodyFinished) return;
    this.#body = new BodyReader(this.#request.head.framing, consumer);
    this.#bodyPaused = false;
    // Who waits for 100 Continue may be waiting for the backend, whose time is limited elsewhere.
    if (!this.#request.head.expectsContinue) this.#armBodyDeadline();
    this.#advance();
  }

  #readBody(body: BodyReader, chunk: Buffer): void {
    this.#armBodyDeadline();
    let end: number;
    try {
      end = body.read(chunk);
    } catch (error) {
      this.#failBody(body, new ProxyError('request-malformed', 'client', asProxyError(error).message));
      return;
    }
    if (this.#body !== body) return; // ended by the consumer meanwhile
    if (end === -1) {
      body.pause();
      return;
    }
    this.#body = null;
    this.#bodyFinished = true;
    this.#bodyPaused = false;
    this.deadlineMs = 0;
    this.#readAhead = end < chunk.length ? chunk.subarray(end) : null;
    const answeredBefore = this.#answered;
    body.finish();
    // An answer that ends within `finish` has decided in `sendEnd` whether the connection goes on.
    if (answeredBefore) this.#nextRequest();
  }

  #failBody(body: BodyReader, error: ProxyError): void {
    this.#body = null;
    this.#readAhead = null;
    this.#closeAfter = true;
    this.deadlineMs = 0;
    body.fail(error);
    if (this.#answered) this.#linger();
  }

  pauseBody(): void {
    if (this.#body === null) return;
    this.#bodyPaused = true;
    this.deadlineMs = 0;
    if (!this.#advancing) this.socket.pause();
  }

  resumeBody(): void {
    if (!this.#bodyPaused) return;
    this.#bodyPaused = false;
    if (this.#body !== null) this.#armBodyDeadline();
    this.#advance();
  }

  #armBodyDeadline(): void {
    this.deadlineMs = performance.now() + this.#limits.bodyMs;
  }

  // --- answering ---------------------------------------------------------------------------

  sendInformational(status: number, reason: string, headers: HeaderList): void {
    // RFC 9110 15.2: a 1xx must not be sent to an HTTP/1.0 client.
    if (this.#phase !== 'exchange' || this.#request?.head.version === 'HTTP/1.0') return;
    let text = `HTTP/1.1 ${status} ${reason}\r\n`;
    for (let i = 0; i < headers.length; i++) {
      if (headers.kinds[i] === HeaderKind.EndToEnd) text += `${headers.names[i]}: ${headers.values[i]}\r\n`;
    }
    this.#writer.writeNow(`${text}\r\n`);
    if (status === 100 && this.#body !== null && !this.#bodyPaused) this.#armBodyDeadline();
  }

  closeAfterAnswer(): void {
    this.#closeAfter = true;
  }

  sendHead(head: ResponseHead): void {
    const request = this.#request?.head ?? null;
    if (this.#owner.draining || !this.#canDiscardBody()) this.#closeAfter = true;
    const framing = answerFraming(head, request);
    this.#chunkedAnswer = framing === 'chunked';
    if (framing === 'until-close') this.#closeAfter = true;
    this.#writer.hold(serializeResponseHead(head, request, framing, this.#closeAfter));
  }

  sendData(piece: Buffer): boolean {
    const taken = this.#writer.body(piece, this.#chunkedAnswer);
    if (!taken) this.deadlineMs = performance.now() + this.#limits.writeMs;
    return taken;
  }

  sendEnd(trailers: HeaderList | null): void {
    this.#writer.end(trailers, this.#chunkedAnswer);
    this.#answered = true;
    this.#events = null;
    if (this.#bodyFinished && !this.#closeAfter) this.#nextRequest();
    else if (this.#closeAfter) this.#linger();
    else this.#discardBody();
  }

  flush(): void {
    this.#writer.flush();
  }

  abort(): void {
    this.#events = null;
    this.#answered = true;
    this.#body = null;
    // A FIN would make a body that ends with the connection look complete; a reset can not.
    this.socket.resetAndDestroy();
  }

  switchProtocols(reason: string, headers: HeaderList): { socket: Socket; readAhead: Buffer | null } {
    let text = `HTTP/1.1 101 ${reason}\r\n`;
    for (let i = 0; i < headers.length; i++) {
      const kind = headers.kinds[i];
      if (kind === HeaderKind.EndToEnd || kind === HeaderKind.Date)
        text += `${headers.names[i]}: ${headers.values[i]}\r\n`;
    }
    this.#writer.writeNow(`${text}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    const readAhead = this.#readAhead;
    this.#readAhead = null;
    this.#events = null;
    this.#phase = 'closed';
    this.deadlineMs = 0;
    this.socket.removeAllListeners('data');
    this.socket.removeAllListeners('end');
    this.socket.removeAllListeners('drain');
    return { socket: this.socket, readAhead };
  }

  /** Whether the connection can go on although the exchange ends before its request body. */
  #canDiscardBody(): boolean {
    if (this.#bodyFinished) return true;
    const request = this.#request?.head;
    // A client that waits for 100 Continue may send the body or not: there is no telling what comes next.
    if (request === undefined || request.expectsContinue) return false;
    // A body under way may still end by itself, but how much of it is left is known for lengths only.
    return (
      this.#body === null && request.framing.kind === 'length' && request.framing.bytes <= MAX_DISCARDED_BYTES
    );
  }

  #discardBody(): void {
    if (this.#body === null) this.readBody(DISCARD);
    else this.resumeBody();
  }

  #nextRequest(): void {
    this.#request = null;
    this.#phase = 'head';
    this.deadlineMs = performance.now() + this.#limits.idleMs;
    if (this.#owner.draining && this.#readAhead === null) this.#linger();
    else this.#advance();
  }

  /** Sends FIN and waits for the client's, dropping what it still sends. */
  #linger(): void {
    if (this.#phase === 'closed' || this.#phase === 'lingering') return;
    this.#phase = 'lingering';
    this.#readAhead = null;
    this.#body = null;
    // What the client has yet to take of the answer is worth the whole write timeout.
    this.deadlineMs = performance.now() + this.#limits.writeMs;
    this.socket.end(() => (this.deadlineMs = performance.now() + LINGER_MS));
    this.socket.resume();
  }

  // --- what befalls the socket --------------------------------------------------------------

  #onDrain(): void {
    if (this.#phase === 'lingering') return;
    this.deadlineMs = this.#body !== null && !this.#bodyPaused ? performance.now() + this.#limits.bodyMs : 0;
    if (this.#events !== null) this.#events.onClientWritable();
    else if (this.#phase === 'head') {
      this.deadlineMs = performance.now() + this.#limits.idleMs;
      this.#advance();
    }
  }

  /** A client that sends FIN in mid-exchange has gone away, as nginx and Go see it: the backend is spared the rest of the work. */
  #onEnd(): void {
    if (this.#phase === 'exchange' && this.#events !== null) {
      this.#gone('the client closed the connection');
      this.socket.destroy();
    } else if (this.#phase === 'lingering') this.socket.destroySoon();
    else this.#linger();
  }

  #onClose(): void {
    this.#owner.deadlines.delete(this);
    this.#gone('the connection broke');
    this.#phase = 'closed';
    this.#readAhead = null;
    this.#owner.onClosed(this);
  }

  #gone(message: string): void {
    const events = this.#events;
    this.#events = null;
    this.#body = null;
    events?.onClientGone(new ProxyError('client-abort', 'client', message));
  }

  onDeadline(): void {
    if (this.#phase === 'lingering') this.socket.destroy();
    else if (this.#phase === 'head') {
      // A half-sent head is worth an answer; a connection that was merely idle ends without one.
      if (this.#head !== null && !this.#head.isEmpty) {
        this.#refuse(
          new ProxyError('request-timeout', 'client', `no whole head within ${this.#limits.headerMs} ms`),
        );
      } else this.#linger();
    } else if (this.#body !== null && !this.socket.writableNeedDrain) {
      const error = new ProxyError('request-timeout', 'client', `no body data for ${this.#limits.bodyMs} ms`);
      this.#failBody(this.#body, error);
    } else {
      const events = this.#events;
      this.#events = null;
      events?.onClientGone(
        new ProxyError(
          'client-write-timeout',
          'client',
          `the client took nothing for ${this.#limits.writeMs} ms`,
        ),
      );
      this.socket.resetAndDestroy();
    }
  }
}

const DISCARD: BodyConsumer = { onBodyData() {}, onBodyPause() {}, onBodyEnd() {}, onBodyError() {} };

function oversizedHead(bytes: Buffer, limits: ServerConnectionLimits): ProxyError {
  const lineEnd = bytes.indexOf('\r\n');
  if (lineEnd === -1 || lineEnd > limits.targetBytes + 64) {
    return new ProxyError(
      'request-target-too-long',
      'client',
      `the request line has more than ${limits.targetBytes} bytes`,
    );
  }
  return new ProxyError(
    'request-head-too-large',
    'client',
    `the head has more than ${limits.headBytes} bytes`,
  );
}

function asProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  if (error instanceof Error && error.name === 'MalformedError')
    return new ProxyError('request-malformed', 'client', error.message);
  throw error;
}
