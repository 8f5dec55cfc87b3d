import type { Socket } from 'node:net';
import { connectionError, ErrorCode, Http2Error, streamError } from './errors.ts';
import { FloodGuard, type FloodKind, type FloodLimits } from './flood-guard.ts';
import { DEFAULT_FRAME_BYTES, Flag, FrameType } from './frame-types.ts';
import {
  checkLength,
  checkOfConnection,
  checkOfStream,
  headerFragment,
  readGoAway,
} from './frame-payloads.ts';
import { FrameReader, HEADERS_WORTH, type FrameSink } from './frame-reader.ts';
import type { Setting } from './frame-writer.ts';
import { HeaderBlockReader, type HeadLimits, type HeaderBlock } from './header-block.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { IncomingWindow } from './incoming-window.ts';
import { Outgoing } from './outgoing.ts';
import { PacedInput } from './paced-input.ts';
import { ResetStreams } from './reset-streams.ts';
import { PeerSettings, SettingId } from './settings.ts';
import { Http2Stream, type StreamConnection, type StreamEvents } from './stream.ts';

/** What one side allows the other. */
export interface ConnectionLimits extends HeadLimits {
  readonly floods: FloodLimits & { readonly continuations: number };
}

/** What is fixed for the life of a connection. */
export interface ConnectionSetup {
  /** The window that each stream is given. */
  readonly windowBytes: number;
  readonly connectionWindowBytes: number;
  /** Settings to be sent besides INITIAL_WINDOW_SIZE and MAX_HEADER_LIST_SIZE. */
  readonly settings: readonly Setting[];
}

/** So much is read of a peer in one go (see FrameReader): requests that are answered on the spot must not hold up the other connections. */
const PORTION = 128 * HEADERS_WORTH;
const SMALL_UPDATE_BYTES = 128;
const OUR_TABLE_BYTES = 4096;

/**
 * What both sides of HTTP/2 share: frames, settings, flow control, header blocks, the map of streams and the
 * bounds on what a peer may do for nothing. A subclass (server-session.ts, client-session.ts) wires the socket:
 * it hands what is read to `receive`, calls `onDrain` and `breakOff`, and supplies the abstract members.
 */
export abstract class Http2Connection implements FrameSink, StreamConnection {
  readonly socket: Socket;
  readonly peer = new PeerSettings();
  protected readonly streams = new Map<number, Http2Stream>();
  protected readonly outgoing: Outgoing;
  /** The connection has failed or is over: nothing is read any more. */
  protected isOver = false;
  /** Whether the peer has sent its first SETTINGS, and acknowledged ours. */
  protected hasSettings = false;
  protected settingsAcknowledged = false;
  readonly #setup: ConnectionSetup;
  readonly #reader: FrameReader;
  readonly #blocks = new HeaderBlockReader(new HpackDecoder(OUR_TABLE_BYTES));
  readonly #floods = new FloodGuard();
  readonly #incoming: IncomingWindow;
  /** Streams that were given something by the chunk that is being read. */
  readonly #touched = new Set<Http2Stream>();
  readonly #resets = new ResetStreams();
  /** `messageFrames` when the last PING came. */
  #answeredFrames = 0;
  readonly #input: PacedInput;

  constructor(socket: Socket, setup: ConnectionSetup) {
    this.socket = socket;
    this.#setup = setup;
    this.outgoing = new Outgoing(socket);
    this.#reader = new FrameReader(this, DEFAULT_FRAME_BYTES, PORTION);
    this.#input = new PacedInput(socket, this.outgoing, (chunk) => this.#read(chunk));
    this.#incoming = new IncomingWindow(this.outgoing.frames, setup.windowBytes, setup.connectionWindowBytes);
  }

  // --- what a subclass supplies --------------------------------------------------------------

  /** Read anew for each header block and frame that counts. */
  protected abstract limits(): ConnectionLimits;
  /** Whether a stream of this id was never opened by either side. */
  protected abstract isIdle(streamId: number): boolean;
  /** The highest stream of the peer that was, or may have been, processed (RFC 9113 6.8). */
  protected abstract get lastPeerStream(): number;
  /**
   * The peer opens an idle stream with a header block, which is decoded already. A server adds a stream or refuses it
   * (`refuseStream`) and returns null; a client throws. The stream's events get the block next.
   */
  protected abstract onNewStream(streamId: number): Http2Stream | null;
  /** What was received so far has been read. */
  protected abstract onRead(): void;
  /** `peer` has changed. */
  protected abstract onSettings(): void;
  /** A PING of ours (`outgoing.frames.ping`) is answered. */
  protected abstract onPingAnswered(): void;
  /** GOAWAY has come: streams above `lastStreamId` were not processed (RFC 9113 6.8). */
  protected abstract onGoAway(lastStreamId: number, code: number, debug: string): void;
  /** A stream has left `streams`. */
  protected abstract onStreamGone(stream: Http2Stream): void;
  /** The peer broke the rules of the connection. GOAWAY is written and every stream told; the socket is still to be ended. */
  protected abstract onFailed(error: Http2Error): void;

  // --- what a subclass uses ------------------------------------------------------------------

  /** Sends our settings; a client's preface comes before. */
  protected begin(maxHeaderListBytes: number): void {
    this.outgoing.frames.settings([
      ...this.#setup.settings,
      [SettingId.InitialWindowSize, this.#setup.windowBytes],
      [SettingId.MaxHeaderListSize, maxHeaderListBytes],
    ]);
    this.#incoming.announce();
  }

  /** Makes a stream of ours or of the peer's. */
  protected addStream(id: number, events: StreamEvents): Http2Stream {
    const stream = new Http2Stream(
      this,
      this.outgoing,
      id,
      events,
      this.peer.windowBytes,
      this.#setup.windowBytes,
    );
    this.streams.set(id, stream);
    return stream;
  }

  /** Whether a frame or header block has come in part. */
  protected get isMidBlock(): boolean {
    return this.#blocks.streamId !== 0 || this.#reader.isMidFrame;
  }

  /** Counts something that costs the peer next to nothing. @throws Http2Error ENHANCE_YOUR_CALM of the connection */
  protected count(kind: FloodKind): void {
    const limit = this.limits().floods[kind];
    if (this.#floods.exceeds(kind, limit, performance.now()))
      throw connectionError(ErrorCode.EnhanceYourCalm, `more than ${limit} ${kind} in a second`);
  }

  /** Refuses a stream that was not added; it counts as a reset. @throws Http2Error of the connection */
  protected refuseStream(id: number, code: ErrorCode): void {
    this.outgoing.frames.rstStream(id, code);
    this.#resets.add(id);
    this.count('resets');
  }

  /** Takes what the socket has read; a piece of it is valid during the call only. */
  receive(chunk: Buffer): void {
    this.#input.receive(chunk);
  }

  #read(chunk: Buffer): number | null {
    if (this.isOver) return null;
    let read: number;
    try {
      read = this.#reader.receive(chunk);
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      this.fail(error);
      return null;
    }
    for (const stream of this.#touched) if (!stream.isClosed) stream.events.onReadPause();
    this.#touched.clear();
    this.onRead();
    return this.isOver ? null : read;
  }

  /** The socket takes more again. */
  protected onDrain(): void {
    if (this.isOver) return;
    this.#input.resume();
    this.outgoing.takeTurns();
  }

  /** Ends every stream and says why. Only the first call does anything. */
  protected fail(error: Http2Error): void {
    if (this.isOver) return;
    this.outgoing.frames.goAway(this.lastPeerStream, error.code, error.message.slice(0, 200));
    this.breakOff(error.code, error.message);
    this.outgoing.frames.writeHeld();
    this.onFailed(error);
  }

  /** The connection is over: tells every stream. */
  protected breakOff(code: ErrorCode, message: string): void {
    this.isOver = true;
    for (const stream of this.streams.values()) stream.breakOff(code, 'connection', message);
  }

  // --- frames --------------------------------------------------------------------------------

  onData(streamId: number, part: Buffer, flowBytes: number, flags: number, isLast: boolean): void {
    if (this.isOver) return;
    this.#checkOrder(FrameType.Data, streamId);
    const isEnd = isLast && (flags & Flag.EndStream) !== 0;
    if (part.length === 0 && isLast && !isEnd) this.count('emptyFrames');
    if (!this.#incoming.take(flowBytes))
      throw connectionError(ErrorCode.FlowControlError, 'more DATA than the connection has window for');
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.giveWindow(null, flowBytes);
      return this.#onClosedStream(streamId, 'DATA');
    }
    try {
      this.#receiveData(stream, part, flowBytes);
      if (isEnd && !stream.isClosed) {
        stream.endRemote();
        stream.endReceiving(null);
      }
    } catch (error) {
      this.#onStreamError(stream, error);
    }
  }

  #receiveData(stream: Http2Stream, part: Buffer, flowBytes: number): void {
    if (stream.remoteEnded || !stream.receiveWindow.take(flowBytes)) {
      this.giveWindow(null, flowBytes);
      throw stream.remoteEnded
        ? streamError(ErrorCode.StreamClosed, 'DATA behind the end of the stream')
        : streamError(ErrorCode.FlowControlError, 'more DATA than the stream has window for');
    }
    // Padding is used up as it comes.
    if (flowBytes > part.length) this.giveWindow(stream, flowBytes - part.length);
    if (part.length === 0) return;
    this.#touched.add(stream);
    stream.receive(part);
  }

  onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.isOver) return;
    this.#checkOrder(type, streamId);
    switch (type) {
      case FrameType.Headers:
        this.#onHeaders(flags, streamId, payload);
        break;
      case FrameType.Continuation:
        this.#onContinuation(flags, payload);
        break;
      case FrameType.Settings:
        checkOfConnection(streamId, 'SETTINGS');
        this.#onSettings(flags, payload);
        break;
      case FrameType.WindowUpdate:
        checkLength(payload, 4, 'WINDOW_UPDATE');
        this.#onWindowUpdate(streamId, payload.readUInt32BE(0) & 0x7fffffff);
        break;
      case FrameType.Ping:
        checkOfConnection(streamId, 'PING');
        checkLength(payload, 8, 'PING');
        this.#countPing();
        if ((flags & Flag.Ack) === 0) this.outgoing.frames.ping(payload, true);
        else this.onPingAnswered();
        break;
      case FrameType.RstStream:
        checkOfStream(streamId, 'RST_STREAM');
        checkLength(payload, 4, 'RST_STREAM');
        if (this.isIdle(streamId))
          throw connectionError(ErrorCode.ProtocolError, 'RST_STREAM of an idle stream');
        this.streams.get(streamId)?.breakOff(payload.readUInt32BE(0), 'peer', 'the peer reset the stream');
        this.count('resets');
        break;
      case FrameType.GoAway: {
        checkOfConnection(streamId, 'GOAWAY');
        const { lastStreamId, code, debug } = readGoAway(payload);
        this.count('settings');
        this.onGoAway(lastStreamId, code, debug);
        break;
      }
      case FrameType.PushPromise:
        throw connectionError(ErrorCode.ProtocolError, 'PUSH_PROMISE, which nobody may send here');
      case FrameType.Priority:
        // RFC 9113 5.3.2: priorities are gone, but their form is still checked.
        checkOfStream(streamId, 'PRIORITY');
        checkLength(payload, 5, 'PRIORITY');
        this.count('emptyFrames');
        break;
      default:
        // RFC 9113 5.5: unknown types are ignored; but they are no way to keep us busy.
        this.count('emptyFrames');
    }
  }

  /** Who measures the path sends a PING for what it got (gRPC does, for each message even): as many as that are no flood. */
  #countPing(): void {
    const { messageFrames } = this.outgoing.frames;
    if (messageFrames === this.#answeredFrames) this.count('pings');
    this.#answeredFrames = messageFrames;
  }

  /** The first frame is SETTINGS (RFC 9113 3.4), and nothing comes between the parts of a header block (6.10). */
  #checkOrder(type: number, streamId: number): void {
    if (!this.hasSettings && type !== FrameType.Settings)
      throw connectionError(ErrorCode.ProtocolError, 'the first frame is not SETTINGS');
    const open = this.#blocks.streamId;
    if (open !== 0 ? type !== FrameType.Continuation || streamId !== open : type === FrameType.Continuation)
      throw connectionError(ErrorCode.ProtocolError, 'a frame out of place around CONTINUATION');
  }

  #onHeaders(flags: number, streamId: number, payload: Buffer): void {
    checkOfStream(streamId, 'HEADERS');
    const fragment = headerFragment(flags, payload);
    const isEnd = (flags & Flag.EndStream) !== 0;
    if ((flags & Flag.EndHeaders) !== 0)
      this.#onBlock(streamId, isEnd, this.#blocks.decode(fragment, this.limits()));
    else this.#blocks.begin(streamId, isEnd, fragment);
  }

  #onContinuation(flags: number, payload: Buffer): void {
    const limits = this.limits();
    // What is a little too large is answered as such, on its stream.
    this.#blocks.add(payload, 2 * limits.headBytes + DEFAULT_FRAME_BYTES, limits.floods.continuations);
    if ((flags & Flag.EndHeaders) === 0) return;
    const { streamId, isEnd } = this.#blocks;
    this.#onBlock(streamId, isEnd, this.#blocks.finish(limits));
  }

  #onBlock(streamId: number, isEnd: boolean, block: HeaderBlock): void {
    let stream = this.streams.get(streamId) ?? null;
    if (stream === null && this.isIdle(streamId)) {
      stream = this.onNewStream(streamId);
      if (stream === null) return;
    }
    if (stream === null) return this.#onClosedStream(streamId, 'HEADERS');
    try {
      if (stream.remoteEnded)
        throw streamError(ErrorCode.StreamClosed, 'HEADERS behind the end of the stream');
      if (isEnd) stream.endRemote();
      this.#touched.add(stream);
      stream.events.onHeaders(block, isEnd);
    } catch (error) {
      this.#onStreamError(stream, error);
    }
  }

  #onSettings(flags: number, payload: Buffer): void {
    if (this.hasSettings) this.count('settings');
    if ((flags & Flag.Ack) !== 0) {
      checkLength(payload, 0, 'SETTINGS ACK');
      this.settingsAcknowledged = true;
      return;
    }
    this.hasSettings = true;
    const before = this.peer.windowBytes;
    this.peer.apply(payload);
    this.outgoing.encoder.setMaxTableBytes(this.peer.headerTableBytes);
    this.outgoing.frames.settingsAck();
    const more = this.peer.windowBytes - before;
    if (more !== 0) {
      for (const stream of this.streams.values()) {
        // RFC 9113 6.9.2: a window that overflows by this is an error of the connection.
        if (!stream.growSendWindow(more))
          throw connectionError(ErrorCode.FlowControlError, 'INITIAL_WINDOW_SIZE makes a window too large');
      }
      this.outgoing.takeTurns();
    }
    this.onSettings();
  }

  #onWindowUpdate(streamId: number, bytes: number): void {
    // Each may have us send a frame of as few bytes.
    if (bytes < SMALL_UPDATE_BYTES) this.count('emptyFrames');
    if (streamId === 0) {
      if (bytes === 0) throw connectionError(ErrorCode.ProtocolError, 'WINDOW_UPDATE of no bytes');
      if (!this.outgoing.window.grow(bytes))
        throw connectionError(ErrorCode.FlowControlError, "the connection's window is above 2^31-1");
    } else {
      const stream = this.streams.get(streamId);
      if (stream === undefined) {
        if (this.isIdle(streamId))
          throw connectionError(ErrorCode.ProtocolError, 'WINDOW_UPDATE of an idle stream');
        return;
      }
      if (bytes === 0)
        this.#onStreamError(stream, streamError(ErrorCode.ProtocolError, 'WINDOW_UPDATE of no bytes'));
      else if (!stream.growSendWindow(bytes))
        this.#onStreamError(stream, streamError(ErrorCode.FlowControlError, 'a window above 2^31-1'));
    }
    this.outgoing.takeTurns();
  }

  #onClosedStream(streamId: number, what: string): void {
    if (this.isIdle(streamId)) throw connectionError(ErrorCode.ProtocolError, `${what} of an idle stream`);
    if (!this.#resets.has(streamId))
      throw connectionError(ErrorCode.StreamClosed, `${what} of a closed stream`);
  }

  /** What the peer does wrong on a stream ends the stream, and counts: for us it is as much work as a reset of its own. */
  #onStreamError(stream: Http2Stream, error: unknown): void {
    if (!(error instanceof Http2Error) || error.scope === 'connection') throw error;
    stream.breakOff(error.code, 'us', error.message);
    this.count('resets');
  }

  // --- for streams ---------------------------------------------------------------------------

  writeReset(stream: Http2Stream, code: number): void {
    this.outgoing.frames.rstStream(stream.id, code);
    this.#resets.add(stream.id);
  }

  giveWindow(stream: Http2Stream | null, bytes: number): void {
    if (!this.isOver) this.#incoming.give(stream, bytes);
  }

  forget(stream: Http2Stream): void {
    this.streams.delete(stream.id);
    this.outgoing.forget(stream);
    this.onStreamGone(stream);
  }
}
