import { hasBody, type BodyConsumer } from '../exchange/streams.ts';
import { ProxyError } from '../shared/errors.ts';
import { copyOf } from '../shared/read-buffers.ts';
import { malformedAnswer } from './backend-failures.ts';
import { BodyReader } from './body-reader.ts';
import { HeadReader } from './head-reader.ts';
import { parseResponseHead, type ParsedResponse } from './parse-head.ts';

/** The connection that answers are read from. It is told of the body by the reader's `BodyReader`. */
export interface AnswerReaderOwner extends BodyConsumer {
  /** Unless it has a body, or is a 1xx other than 101, the answer ends with this head. */
  onAnswerHead(parsed: ParsedResponse): void;
  /** What came is no answer; nothing is read any more. */
  onUnreadable(error: ProxyError): void;
}

export interface AnswerLimits {
  readonly headBytes: number;
  readonly headers: number;
}

/** Takes the answer to one request at a time off a backend's connection. */
export class AnswerReader {
  /** What was received is kept and not read. */
  paused = false;
  /** Bytes received since `expectAnswer`. */
  received = 0;
  readonly #owner: AnswerReaderOwner;
  readonly #head = new HeadReader();
  /** Bytes received behind what was parsed. After `receive` they are a copy. */
  #readAhead: Buffer | null = null;
  #body: BodyReader | null = null;
  #expectsHead = false;
  #method = '';
  #limits: AnswerLimits;

  constructor(owner: AnswerReaderOwner, limits: AnswerLimits) {
    this.#owner = owner;
    this.#limits = limits;
  }

  /** Whether bytes came behind the answer, which belong to no request of ours. */
  get hasReadAhead(): boolean {
    return this.#readAhead !== null;
  }

  /** Whether the end of the connection is the end of the answer. */
  get endsWithConnection(): boolean {
    return this.#body !== null && this.#body.endsWithConnection;
  }

  /** `method` of the request: decides whether its answer has a body. */
  expectAnswer(method: string, limits: AnswerLimits): void {
    this.#method = method;
    this.#limits = limits;
    this.#expectsHead = true;
    this.received = 0;
  }

  /** Takes what the socket has read, which is valid during the call only. */
  receive(piece: Buffer): void {
    this.received += piece.length;
    const kept = this.#readAhead;
    this.#readAhead = kept === null ? piece : Buffer.concat([kept, piece]);
    this.advance();
    // What is left of a copy needs no copy of its own, now or later.
    if (kept === null && this.#readAhead !== null) this.#readAhead = copyOf(this.#readAhead);
  }

  /** Uses up what was received as far as the state allows. */
  advance(): void {
    while (this.#readAhead !== null && !this.paused) {
      const chunk: Buffer = this.#readAhead;
      if (this.#expectsHead) {
        this.#readAhead = null;
        this.#readHead(chunk);
      } else if (this.#body !== null) {
        this.#readAhead = null;
        this.#readBody(this.#body, chunk);
      } else return;
    }
  }

  /** The answer has ended, or nobody wants the rest of it: nothing is read before the next `expectAnswer`. */
  end(): void {
    this.#expectsHead = false;
    this.#body = null;
  }

  /** Hands over what was received behind a 101, valid during the call only. */
  takeReadAhead(): Buffer | null {
    const readAhead = this.#readAhead;
    this.#readAhead = null;
    return readAhead;
  }

  #readHead(chunk: Buffer): void {
    switch (this.#head.read(chunk, this.#limits.headBytes)) {
      case 'unfinished':
        return;
      case 'whole':
        return this.#takeHead();
      case 'too-large':
        return this.#refuse(
          malformedAnswer(`the head of the answer has more than ${this.#limits.headBytes} bytes`),
        );
      case 'hopeless':
        return this.#refuse(malformedAnswer('a control character or bare LF in the head of the answer'));
    }
  }

  #takeHead(): void {
    let parsed: ParsedResponse;
    try {
      parsed = parseResponseHead(this.#head.text, this.#method, this.#limits.headers);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      return this.#refuse(error);
    }
    this.#readAhead = this.#head.rest;
    this.#head.clear();
    const { status, framing } = parsed.head;
    if (status >= 200 || status === 101) this.#expectsHead = false;
    if (hasBody(framing)) this.#body = new BodyReader(framing, this.#owner);
    this.#owner.onAnswerHead(parsed);
  }

  #readBody(body: BodyReader, chunk: Buffer): void {
    let end: number;
    try {
      end = body.read(chunk);
    } catch (error) {
      return this.#refuse(malformedAnswer(error instanceof Error ? error.message : 'malformed body', error));
    }
    if (this.#body !== body || end === -1) return;
    this.#body = null;
    if (end < chunk.length) this.#readAhead = chunk.subarray(end);
    body.finish();
  }

  #refuse(error: ProxyError): void {
    this.end();
    this.#readAhead = null;
    this.#owner.onUnreadable(error);
  }
}
