import type { HeaderList } from '../exchange/headers.ts';
import type { FieldLine } from '../exchange/streams.ts';
import { copyOf } from '../shared/read-buffers.ts';
import { ErrorCode, Http2Error, streamError } from './errors.ts';
import { FlowWindow } from './flow-window.ts';
import type { HeaderBlock } from './header-block.ts';
import { HeldPieces } from './held-pieces.ts';
import type { Outgoing } from './outgoing.ts';

/** What befalls one stream; a server's or a client's stream takes it. */
export interface StreamEvents {
  /** Header block of a stream that is open: a head or trailers. What it throws resets the stream. */
  onHeaders(block: HeaderBlock, isEnd: boolean): void;
  /** A piece of the body, in order, valid during the call only. What it throws resets the stream. */
  onData(piece: Buffer): void;
  /** The peer has ended its side, and all data is delivered. What it throws resets the stream. `trailers`: what `Http2Stream.endReceiving` got. */
  onEnd(trailers: HeaderList | null): void;
  /** What was read so far is delivered. */
  onReadPause(): void;
  /** All that `sendData` was given is on its way: after a false of it more is welcome. */
  onWritable(): void;
  /** Both sides have ended in good order. Nothing follows. */
  onDone(): void;
  /**
   * The stream is over before its time: the peer reset it, or broke the rules and we did, or the connection is gone. Nothing follows.
   * @param by `peer`: RST_STREAM; `us`: RST_STREAM is on its way; `connection`: it failed or was closed
   */
  onReset(code: number, by: 'peer' | 'us' | 'connection', message: string): void;
}

/** The connection, as one of its streams sees it. */
export interface StreamConnection {
  writeReset(stream: Http2Stream, code: number): void;
  /** So many bytes of the body have been used up: the peer gets new window for them. `stream`: null for one that is over. */
  giveWindow(stream: Http2Stream | null, bytes: number): void;
  /** Both sides have ended, or the stream was reset. */
  forget(stream: Http2Stream): void;
}

/**
 * One stream of a connection: flow control in both directions and the order of its end. It knows nothing of
 * requests and answers; its `events` do. Nothing is delivered but headers until `resume` is called, and
 * what comes before is held, never more than the window that the peer was given.
 */
export class Http2Stream {
  readonly id: number;
  readonly sendWindow: FlowWindow;
  readonly receiveWindow: FlowWindow;
  /** Set by whoever opens the stream, before anything is received. */
  events: StreamEvents;
  /** Whether the peer has sent END_STREAM. */
  remoteEnded = false;
  /** Whether we have: END_STREAM is in the outbox. */
  localEnded = false;
  isClosed = false;
  /** Bytes of DATA that were sent; tells a slow peer from one that takes nothing. */
  sentBytes = 0;
  /** Used-up bytes that the peer was given no new window for yet. */
  owedWindow = 0;
  readonly #connection: StreamConnection;
  readonly #outgoing: Outgoing;
  #queue: Buffer[] = [];
  /** Of the first one in the queue. */
  #queueOffset = 0;
  #endQueued = false;
  #trailersQueued: readonly FieldLine[] | null = null;
  #unwanted = false;
  #flowing = false;
  #delivering = false;
  readonly #held = new HeldPieces();
  /** Nobody asks for the body, since it is known to be empty: its end needs no delivery. */
  endsUnread = false;
  #expectedBytes: number | null = null;
  #receivedBytes = 0;
  #endReceived = false;
  #trailersReceived: HeaderList | null = null;

  constructor(
    connection: StreamConnection,
    outgoing: Outgoing,
    id: number,
    events: StreamEvents,
    sendBytes: number,
    receiveBytes: number,
  ) {
    this.#connection = connection;
    this.#outgoing = outgoing;
    this.id = id;
    this.events = events;
    this.sendWindow = new FlowWindow(sendBytes);
    this.receiveWindow = new FlowWindow(receiveBytes);
  }

  // --- sending -----------------------------------------------------------------------------

  /** `fields`: pseudo-header fields first, names in lower case. */
  sendHeaders(fields: readonly FieldLine[], isEnd: boolean): void {
    if (this.isClosed || this.localEnded) return;
    this.#outgoing.headers(this, fields, isEnd);
    if (isEnd) this.#endLocal();
  }

  /** Is done with `piece` when it returns. False: no more for now, `onWritable` will be called. */
  sendData(piece: Buffer): boolean {
    if (this.isClosed || this.localEnded || piece.length === 0) return true;
    const sent = this.#queue.length > 0 ? 0 : this.#outgoing.data(this, piece, 0);
    this.sentBytes += sent;
    if (sent === piece.length) return true;
    this.#queue.push(copyOf(sent === 0 ? piece : piece.subarray(sent)));
    if (this.sendWindow.bytes > 0) this.#outgoing.waitForTurn(this);
    return false;
  }

  /** Nothing follows. `trailers`: see `sendHeaders`. */
  sendEnd(trailers: readonly FieldLine[] | null): void {
    if (this.isClosed || this.localEnded || this.#endQueued) return;
    if (this.#queue.length > 0) {
      this.#endQueued = true;
      this.#trailersQueued = trailers;
    } else this.#writeEnd(trailers);
  }

  /** Whether something waits for window or socket. */
  get hasQueued(): boolean {
    return this.#queue.length > 0;
  }

  /** For the connection. @returns false when the window would pass 2^31 - 1 */
  growSendWindow(bytes: number): boolean {
    const fits = this.sendWindow.grow(bytes);
    if (fits && this.hasQueued && this.sendWindow.bytes > 0) this.#outgoing.waitForTurn(this);
    return fits;
  }

  /** For the connection, when the stream's turn has come: sends one DATA frame, and the end if that was all. @returns whether it wants another turn */
  sendQueued(): boolean {
    const first = this.#queue[0];
    if (first === undefined || this.isClosed) return false;
    const sent = this.#outgoing.data(this, first, this.#queueOffset);
    this.sentBytes += sent;
    this.#queueOffset += sent;
    if (this.#queueOffset === first.length) {
      this.#queue.shift();
      this.#queueOffset = 0;
    }
    if (this.#queue.length > 0) return this.sendWindow.bytes > 0;
    if (this.#endQueued) this.#writeEnd(this.#trailersQueued);
    return false;
  }

  /** Ends the stream at once; no event follows. */
  reset(code: number): void {
    if (this.isClosed) return;
    this.#connection.writeReset(this, code);
    this.#close();
  }

  #writeEnd(trailers: readonly FieldLine[] | null): void {
    if (trailers === null) this.#outgoing.frames.end(this.id);
    else this.#outgoing.headers(this, trailers, true);
    this.#endLocal();
  }

  #endLocal(): void {
    this.localEnded = true;
    if (this.#unwanted) this.#finishUnread();
    else if (this.remoteEnded && !this.#owesDelivery) this.#finish();
  }

  /** RFC 9113 8.1: whoever still sends a body that nobody waits for is asked to stop, without an error. */
  #finishUnread(): void {
    if (this.isClosed) return;
    if (!this.remoteEnded) this.#connection.writeReset(this, ErrorCode.NoError);
    this.#finish();
  }

  // --- receiving ---------------------------------------------------------------------------

  /** Lets the body flow. */
  resume(): void {
    this.#flowing = true;
    if (!this.#delivering) this.#deliverHeld();
  }

  /** Holds the body back, and with it the peer: it gets no new window. */
  pause(): void {
    this.#flowing = false;
  }

  /** The rest of the body is thrown away, and the stream is over when our side is. */
  dropBody(): void {
    if (this.isClosed) return;
    this.#unwanted = true;
    this.#dropHeld();
    if (this.localEnded) this.#finishUnread();
  }

  /** What the head says of the body's length: a body of another one is malformed (RFC 9113 8.1.1). */
  expectBody(bytes: number): void {
    this.#expectedBytes = bytes;
  }

  /** For the connection: END_STREAM has come. @throws Http2Error of the stream */
  endRemote(): void {
    this.remoteEnded = true;
    if (this.#expectedBytes !== null && this.#receivedBytes !== this.#expectedBytes)
      throw wrongLength(this.#receivedBytes, this.#expectedBytes);
  }

  /** For the connection: a part of the body has come, within its windows. @throws Http2Error of the stream */
  receive(part: Buffer): void {
    this.#receivedBytes += part.length;
    if (this.#expectedBytes !== null && this.#receivedBytes > this.#expectedBytes) {
      this.#connection.giveWindow(null, part.length);
      throw wrongLength(this.#receivedBytes, this.#expectedBytes);
    }
    if (this.#unwanted) return this.#connection.giveWindow(null, part.length);
    if (!this.#flowing || this.#held.bytes > 0) {
      this.#held.add(part);
      return;
    }
    try {
      this.events.onData(part);
    } finally {
      this.#connection.giveWindow(this, part.length);
    }
  }

  /** The body is whole; `onEnd` follows when it is delivered. To be called by the events for trailers, by the connection for a DATA that ends the stream. */
  endReceiving(trailers: HeaderList | null): void {
    if (this.endsUnread) return;
    this.#endReceived = true;
    this.#trailersReceived = trailers;
    if (this.#flowing && !this.#delivering) this.#deliverHeld();
  }

  get #owesDelivery(): boolean {
    return this.#held.bytes > 0 || this.#endReceived;
  }

  #deliverHeld(): void {
    this.#delivering = true;
    try {
      while (this.#flowing && !this.isClosed) {
        const piece = this.#held.take();
        if (piece === undefined) break;
        this.events.onData(piece);
        this.#connection.giveWindow(this, piece.length);
      }
      if (this.#flowing && !this.isClosed && this.#held.bytes === 0 && this.#endReceived) {
        this.#endReceived = false;
        this.events.onEnd(this.#trailersReceived);
        if (this.localEnded) this.#finish();
      }
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      this.breakOff(error.code, 'us', error.message);
    } finally {
      this.#delivering = false;
    }
  }

  /** For the connection: ends it and tells the events. */
  breakOff(code: number, by: 'peer' | 'us' | 'connection', message: string): void {
    if (this.isClosed) return;
    if (by === 'us') this.#connection.writeReset(this, code);
    this.#close();
    this.events.onReset(code, by, message);
  }

  #finish(): void {
    if (this.isClosed) return;
    this.#close();
    this.events.onDone();
  }

  #close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#queue = [];
    this.#connection.forget(this);
    this.#dropHeld();
  }

  #dropHeld(): void {
    const unused = this.#held.bytes;
    this.#held.clear();
    if (unused > 0) this.#connection.giveWindow(null, unused);
  }
}

function wrongLength(bytes: number, expected: number): Http2Error {
  return streamError(ErrorCode.ProtocolError, `${bytes} bytes of DATA where content-length says ${expected}`);
}
