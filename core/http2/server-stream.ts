import type { HeaderList } from '../exchange/headers.ts';
import type {
  BodyConsumer,
  ClientEvents,
  ClientStream,
  ReceivedRequest,
  RequestHead,
  ResponseHead,
  TunnelEnd,
} from '../exchange/streams.ts';
import type { Deadlines, Timed } from '../shared/deadlines.ts';
import { ProxyError } from '../shared/errors.ts';
import { ErrorCode, Http2Error, streamError } from './errors.ts';
import type { HeaderBlock } from './header-block.ts';
import { readRequest } from './request-fields.ts';
import { readTrailers } from './trailers.ts';
import { plainFields, responseFields, tunnelFields } from './response-fields.ts';
import { StreamEnd } from './stream-end.ts';
import type { Http2Stream, StreamEvents } from './stream.ts';

/** The session, as one of its streams sees it. */
export interface ServerStreamOwner {
  readonly deadlines: Deadlines;
  readonly streamLimits: { readonly targetBytes: number; readonly bodyMs: number; readonly writeMs: number };
  /** Begins an exchange. */
  onRequest(client: ClientStream, request: ReceivedRequest): ClientEvents;
  /** What came is no request: an exchange that only answers `error`. */
  onRefused(client: ClientStream, error: ProxyError): ClientEvents;
}

/** A client's stream: one request and its answer. */
export class ServerStream implements ClientStream, StreamEvents, Timed {
  deadlineMs = 0;
  readonly #owner: ServerStreamOwner;
  /** Set by `attach`, before anything comes. */
  #stream: Http2Stream | null = null;
  #request: RequestHead | null = null;
  #events: ClientEvents | null = null;
  #consumer: BodyConsumer | null = null;
  #answered = false;
  #isTimed = false;
  #bodyDeadlineMs = 0;
  #writeDeadlineMs = 0;
  /** `sentBytes` of the stream when the write deadline was set. */
  #sentBefore = 0;
  /** What `abort` tells the client. */
  #abortCode: ErrorCode = ErrorCode.InternalError;

  constructor(owner: ServerStreamOwner) {
    this.#owner = owner;
  }

  attach(stream: Http2Stream): void {
    this.#stream = stream;
  }

  // --- what the client sends -----------------------------------------------------------------

  onHeaders(block: HeaderBlock, isEnd: boolean): void {
    if (this.#stream === null) return;
    if (this.#events !== null || this.#answered) {
      if (!isEnd) throw streamError(ErrorCode.ProtocolError, 'trailers that do not end the stream');
      this.#stream.endReceiving(readTrailers(block, ErrorCode.EnhanceYourCalm));
    } else this.#begin(this.#stream, block, isEnd);
  }

  #begin(stream: Http2Stream, block: HeaderBlock, isEnd: boolean): void {
    let request: ReceivedRequest;
    try {
      request = readRequest(block, isEnd, this.#owner.streamLimits.targetBytes);
    } catch (error) {
      if (error instanceof ProxyError) return this.#take(this.#owner.onRefused(this, error));
      if (!(error instanceof Http2Error)) throw error;
      // The log gets its entry; the stream is reset instead of answered.
      this.#abortCode = error.code;
      this.#owner.onRefused(this, new ProxyError('stream-malformed', 'client', error.message));
      throw error;
    }
    const { framing } = request.head;
    this.#request = request.head;
    if (framing.kind === 'length') stream.expectBody(framing.bytes);
    stream.endsUnread = framing.kind === 'length' && framing.bytes === 0;
    return this.#take(this.#owner.onRequest(this, request));
  }

  /** The exchange may have ended within the call that began it. */
  #take(events: ClientEvents): void {
    this.#events = this.#answered ? null : events;
  }

  onData(piece: Buffer): void {
    this.#armBody();
    this.#consumer?.onBodyData(piece);
  }

  onEnd(trailers: HeaderList | null): void {
    this.#bodyDeadlineMs = 0;
    this.#arm();
    this.#consumer?.onBodyEnd(trailers);
  }

  onReadPause(): void {
    this.#consumer?.onBodyPause();
  }

  readBody(consumer: BodyConsumer): void {
    this.#consumer = consumer;
    // Who waits for 100 Continue may be waiting for the backend, whose time is limited elsewhere.
    if (this.#request?.expectsContinue !== true) this.#armBody();
    this.#stream?.resume();
  }

  pauseBody(): void {
    this.#bodyDeadlineMs = 0;
    this.#arm();
    this.#stream?.pause();
  }

  resumeBody(): void {
    if (this.#answered) return;
    this.#armBody();
    this.#stream?.resume();
  }

  // --- answering -----------------------------------------------------------------------------

  sendInformational(status: number, _reason: string, headers: HeaderList): void {
    this.#stream?.sendHeaders(plainFields(headers, status), false);
    if (status === 100 && this.#consumer !== null) this.#armBody();
  }

  sendHead(head: ResponseHead): void {
    this.#stream?.sendHeaders(responseFields(head), false);
  }

  sendData(piece: Buffer): boolean {
    const taken = this.#stream?.sendData(piece) ?? true;
    if (!taken) this.#armWrite();
    return taken;
  }

  sendEnd(trailers: HeaderList | null): void {
    this.#answered = true;
    this.#events = null;
    this.#consumer = null;
    this.#bodyDeadlineMs = 0;
    this.#arm();
    const fields = trailers === null ? [] : plainFields(trailers, null);
    this.#stream?.dropBody();
    this.#stream?.sendEnd(fields.length === 0 ? null : fields);
  }

  /** Everything leaves at the end of the turn. */
  flush(): void {}

  abort(): void {
    this.#end();
    this.#stream?.reset(this.#abortCode);
  }

  /** Streams are told apart whatever one of them did. */
  closeAfterAnswer(): void {}

  switchProtocols(_reason: string, headers: HeaderList): TunnelEnd {
    const stream = this.#stream;
    if (stream === null) throw new Error('no stream to switch');
    stream.sendHeaders(tunnelFields(headers), false);
    this.#end();
    return new StreamEnd(stream);
  }

  // --- what befalls the stream ---------------------------------------------------------------

  onWritable(): void {
    this.#writeDeadlineMs = 0;
    this.#arm();
    this.#events?.onClientWritable();
  }

  onDone(): void {
    this.#end();
  }

  onReset(_code: number, by: 'peer' | 'us' | 'connection', message: string): void {
    const events = this.#events;
    this.#end();
    events?.onClientGone(
      new ProxyError(by === 'us' ? 'stream-malformed' : 'client-abort', 'client', message),
    );
  }

  #end(): void {
    this.#answered = true;
    this.#events = null;
    this.#consumer = null;
    this.deadlineMs = 0;
    if (this.#isTimed) this.#owner.deadlines.delete(this);
    this.#isTimed = false;
  }

  // --- deadlines -----------------------------------------------------------------------------

  #armBody(): void {
    this.#bodyDeadlineMs = performance.now() + this.#owner.streamLimits.bodyMs;
    this.#arm();
  }

  #armWrite(): void {
    if (this.#writeDeadlineMs !== 0) return;
    this.#sentBefore = this.#stream?.sentBytes ?? 0;
    this.#writeDeadlineMs = performance.now() + this.#owner.streamLimits.writeMs;
    this.#arm();
  }

  #arm(): void {
    const body = this.#bodyDeadlineMs;
    const write = this.#writeDeadlineMs;
    this.deadlineMs = body === 0 || write === 0 ? body + write : Math.min(body, write);
    if (this.deadlineMs === 0 || this.#isTimed || this.#stream?.isClosed === true) return;
    this.#isTimed = true;
    this.#owner.deadlines.add(this);
  }

  onDeadline(): void {
    const { bodyMs, writeMs } = this.#owner.streamLimits;
    const stream = this.#stream;
    if (stream === null) return;
    if (this.#writeDeadlineMs !== 0 && this.#writeDeadlineMs <= performance.now()) {
      this.#writeDeadlineMs = 0;
      if (stream.sentBytes > this.#sentBefore) return this.#armWrite();
      const events = this.#events;
      this.#end();
      stream.reset(ErrorCode.Cancel);
      const message = `the client took nothing for ${writeMs} ms`;
      events?.onClientGone(new ProxyError('client-write-timeout', 'client', message));
      return undefined;
    }
    this.#bodyDeadlineMs = 0;
    this.#arm();
    const consumer = this.#consumer;
    this.#consumer = null;
    consumer?.onBodyError(new ProxyError('request-timeout', 'client', `no body data for ${bodyMs} ms`));
    return undefined;
  }
}
