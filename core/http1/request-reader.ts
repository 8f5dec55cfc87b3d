import type { Socket } from 'node:net';
import { hasBody, type BodyConsumer, type ClientLimits, type RequestHead } from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';
import { copyOf } from '../shared/read-buffers.ts';
import { BodyReader } from './body-reader.ts';
import { HeadReader } from './head-reader.ts';
import { parseRequestHead, type ParsedRequest } from './parse-head.ts';
import { MalformedError } from './parse-fields.ts';

/** The connection that requests are read from. */
export interface RequestReaderOwner {
  readonly socket: Socket;
  /** Set by the reader for as long as it waits for a rest of a head or body. */
  deadlineMs: number;
  currentLimits(): ClientLimits;
  onRequest(request: ParsedRequest): void;
  /** What came is no request; nothing is read any more. */
  onUnreadable(error: ProxyError): void;
  /** The body is whole, and its consumer still to be told so. */
  onBodyRead(body: BodyReader): void;
  /** The body is malformed or too slow, and its consumer still to be told so; nothing is read any more. */
  onBodyFailed(body: BodyReader, error: ProxyError): void;
}

/** An unread rest of a request up to this size is read and dropped, so that the connection can live on. */
const MAX_DISCARDED_BYTES = 64 * 1024;
/** So much of a body that nobody has asked for yet, or of the requests behind, is taken, since the end of the connection is found out behind it only. */
const MAX_UNASKED_BYTES = 16 * 1024;
const CR = 0x0d;
const LF = 0x0a;

/**
 * Takes requests off a client's connection, one after the other. Pipelined ones wait in
 * `#readAhead`, bounded because the socket is paused behind the first few KiB.
 */
export class RequestReader {
  limits: ClientLimits;
  /** `head`: between requests or in a head; `exchange`: from the end of a head until `expectRequest`. */
  phase: 'head' | 'exchange' | 'ended' = 'head';
  /** The head of the exchange under way; null between requests, and for what was no request. */
  request: RequestHead | null = null;
  bodyFinished = true;
  readonly #owner: RequestReaderOwner;
  readonly #head = new HeadReader();
  /** Bytes received behind what was parsed. After `receive` they are a copy. */
  #readAhead: Buffer | null = null;
  /** The body being read; null before it was asked for, and after its end. */
  #body: BodyReader | null = null;
  #bodyPaused = false;
  #advancing = false;

  constructor(owner: RequestReaderOwner) {
    this.#owner = owner;
    this.limits = owner.currentLimits();
  }

  /** Whether no exchange is under way and no part of a request has come. */
  get isIdle(): boolean {
    return this.phase === 'head' && this.#head.isEmpty;
  }

  get hasReadAhead(): boolean {
    return this.#readAhead !== null;
  }

  get hasBody(): boolean {
    return this.#body !== null;
  }

  get isReadingBody(): boolean {
    return this.#body !== null && !this.#bodyPaused;
  }

  /** Takes what the socket has read, which is valid during the call only. */
  receive(piece: Buffer): void {
    if (this.phase === 'ended') return;
    const kept = this.#readAhead;
    this.#readAhead = kept === null ? piece : Buffer.concat([kept, piece]);
    this.advance();
    // What is left of a copy needs no copy of its own, now or later.
    if (kept === null && this.#readAhead !== null) this.#readAhead = copyOf(this.#readAhead);
  }

  /** Uses up what was received as far as the state allows; not re-entrant, since exchanges may end within. */
  advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    const { socket } = this.#owner;
    while (this.#readAhead !== null) {
      const chunk: Buffer = this.#readAhead;
      if (this.phase === 'head' && !socket.writableNeedDrain) {
        this.#readAhead = null;
        this.#readHead(chunk);
        if (this.phase === 'head' && this.#readAhead !== null) {
          // Answered at once, and the next request is here: other connections get their turn first.
          setImmediate(() => this.advance());
          break;
        }
      } else if (this.phase === 'exchange' && this.#body !== null && !this.#bodyPaused) {
        this.#readAhead = null;
        this.#readBody(this.#body, chunk);
      } else break;
    }
    this.#advancing = false;
    if (this.phase === 'ended') return;
    if (this.#mustWait) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  /** Whether no more is to be read for now. */
  get #mustWait(): boolean {
    if (this.#readAhead === null || this.#bodyPaused) return this.#bodyPaused;
    const isUnasked = this.phase === 'exchange' && this.#body === null;
    return !isUnasked || this.#readAhead.length > MAX_UNASKED_BYTES;
  }

  /** The exchange is over: what follows is the next request. */
  expectRequest(): void {
    this.request = null;
    this.phase = 'head';
  }

  /** Nothing is read any more. */
  end(): void {
    this.phase = 'ended';
    this.#readAhead = null;
    this.#body = null;
  }

  /** Ends, and hands over what was received behind the head of the exchange under way, valid during the call only. */
  takeReadAhead(): Buffer | null {
    const readAhead = this.#readAhead;
    this.end();
    return readAhead;
  }

  // --- heads -------------------------------------------------------------------------------

  #readHead(chunk: Buffer): void {
    let piece = chunk;
    const isFirst = this.#head.isEmpty;
    if (isFirst) {
      // RFC 9112 2.2: empty lines before a request are ignored; the idle timeout bounds them.
      let start = 0;
      while (piece[start] === CR && piece[start + 1] === LF) start += 2;
      if (start > 0) piece = piece.subarray(start);
      if (piece.length === 0) return;
      this.limits = this.#owner.currentLimits();
    } else if (this.#head.isEmptyLineWith(piece)) {
      this.#head.clear();
      return this.#readHead(piece.subarray(1));
    }
    switch (this.#head.read(piece, this.limits.headBytes)) {
      case 'unfinished':
        if (isFirst) this.#owner.deadlineMs = performance.now() + this.limits.headerMs;
        return;
      case 'whole':
        return this.#takeHead();
      case 'too-large':
        return this.refuse(this.#oversizedHead());
      case 'hopeless':
        return this.refuse(
          new ProxyError('request-malformed', 'client', 'a control character or bare LF in the head'),
        );
    }
  }

  #takeHead(): void {
    let request: ParsedRequest;
    try {
      request = parseRequestHead(this.#head.text, this.limits);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      return this.refuse(error);
    }
    this.#readAhead = this.#head.rest;
    this.#head.clear();
    const { framing } = request.head;
    this.request = request.head;
    this.phase = 'exchange';
    this.#owner.deadlineMs = 0;
    this.#body = null;
    this.bodyFinished = !hasBody(framing);
    this.#owner.onRequest(request);
  }

  /** Gives up on a head. */
  refuse(error: ProxyError): void {
    this.#head.clear();
    this.#readAhead = null;
    this.request = null;
    this.phase = 'exchange';
    this.#owner.deadlineMs = 0;
    this.bodyFinished = false;
    this.#owner.onUnreadable(error);
  }

  #oversizedHead(): ProxyError {
    const { headBytes, targetBytes } = this.limits;
    const lineEnd = this.#head.firstLineEnd;
    return lineEnd === -1 || lineEnd > targetBytes + 64
      ? new ProxyError(
          'request-target-too-long',
          'client',
          `the request line has more than ${targetBytes} bytes`,
        )
      : new ProxyError('request-head-too-large', 'client', `the head has more than ${headBytes} bytes`);
  }

  // --- bodies ------------------------------------------------------------------------------

  readBody(consumer: BodyConsumer): void {
    if (this.request === null || this.bodyFinished) return;
    this.#body = new BodyReader(this.request.framing, consumer);
    this.#bodyPaused = false;
    // Who waits for 100 Continue may be waiting for the backend, whose time is limited elsewhere.
    if (!this.request.expectsContinue) this.armBodyDeadline();
    this.advance();
  }

  #readBody(body: BodyReader, chunk: Buffer): void {
    this.armBodyDeadline();
    let end: number;
    try {
      end = body.read(chunk);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return this.#failBody(body, new ProxyError('request-malformed', 'client', error.message));
    }
    if (this.#body !== body) return; // ended by the consumer meanwhile
    if (end === -1) {
      body.pause();
      return;
    }
    this.#body = null;
    this.bodyFinished = true;
    this.#bodyPaused = false;
    this.#endBodyDeadline();
    this.#readAhead = end < chunk.length ? chunk.subarray(end) : null;
    this.#owner.onBodyRead(body);
  }

  /** Ends a body that is being read, for a reason that lies in the client. */
  failBody(error: ProxyError): void {
    if (this.#body !== null) this.#failBody(this.#body, error);
  }

  #failBody(body: BodyReader, error: ProxyError): void {
    this.#body = null;
    this.#readAhead = null;
    this.#owner.deadlineMs = 0;
    this.#owner.onBodyFailed(body, error);
  }

  pauseBody(): void {
    if (this.#body === null) return;
    this.#bodyPaused = true;
    this.#endBodyDeadline();
    if (!this.#advancing) this.#owner.socket.pause();
  }

  resumeBody(): void {
    if (!this.#bodyPaused) return;
    this.#bodyPaused = false;
    if (this.#body !== null) this.armBodyDeadline();
    this.advance();
  }

  /** What a client sends does not excuse it from reading: where a write deadline runs, that one stays. */
  armBodyDeadline(): void {
    const { deadlineMs, socket } = this.#owner;
    if (deadlineMs === 0 || !socket.writableNeedDrain)
      this.#owner.deadlineMs = performance.now() + this.limits.bodyMs;
  }

  #endBodyDeadline(): void {
    if (!this.#owner.socket.writableNeedDrain) this.#owner.deadlineMs = 0;
  }

  /** Whether the connection can go on although the exchange ends before its request body. */
  get canDiscardBody(): boolean {
    if (this.bodyFinished) return true;
    // A client that waits for 100 Continue may send the body or not: there is no telling what comes next.
    if (this.request === null || this.request.expectsContinue) return false;
    // A body under way may still end by itself, but how much of it is left is known for lengths only.
    const { framing } = this.request;
    return this.#body === null && framing.kind === 'length' && framing.bytes <= MAX_DISCARDED_BYTES;
  }

  /** Reads the rest of the body for nothing. */
  discardBody(): void {
    if (this.#body === null) this.readBody(DISCARD);
    else this.resumeBody();
  }
}

const DISCARD: BodyConsumer = { onBodyData() {}, onBodyPause() {}, onBodyEnd() {}, onBodyError() {} };
