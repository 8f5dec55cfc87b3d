import { ConnectionState } from './connection-state.ts';
import { connectionError, ErrorCode, Http2Error, streamError } from './errors.ts';
import { DEFAULT_FRAME_BYTES, Flag, FrameType } from './frame-types.ts';
import {
  checkLength,
  checkOfConnection,
  checkOfStream,
  headerFragment,
  readGoAway,
} from './frame-payloads.ts';
import { FrameReader, HEADERS_WORTH, type FrameSink } from './frame-reader.ts';
import { HeaderBlockReader, type HeaderBlock } from './header-block.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { PacedInput } from './paced-input.ts';
import type { Http2Stream } from './stream.ts';

/** So much is read of a peer in one go (see FrameReader): requests that are answered on the spot must not hold up the other connections. */
const PORTION = 128 * HEADERS_WORTH;
const SMALL_UPDATE_BYTES = 128;
const OUR_TABLE_BYTES = 4096;

/**
 * What both sides of HTTP/2 share: what each frame of the peer's does to the connection and its streams. A session
 * (server-session.ts, client-session.ts) wires the socket: it hands what is read to `receive`, calls `onDrain` and
 * `breakOff`, and supplies the abstract members.
 */
export abstract class Http2Connection extends ConnectionState implements FrameSink {
  /** Whether the peer has sent its first SETTINGS, and acknowledged ours. */
  protected hasSettings = false;
  protected settingsAcknowledged = false;
  readonly #reader = new FrameReader(this, DEFAULT_FRAME_BYTES, PORTION);
  readonly #blocks = new HeaderBlockReader(new HpackDecoder(OUR_TABLE_BYTES));
  /** Streams that were given something by the chunk that is being read. */
  readonly #touched = new Set<Http2Stream>();
  /** `messageFrames` when the last PING came. */
  #answeredFrames = 0;
  readonly #input = new PacedInput(this.socket, this.outgoing, (chunk) => this.#read(chunk));

  // --- what a session supplies ---------------------------------------------------------------

  /** Whether a stream of this id was never opened by either side. */
  protected abstract isIdle(streamId: number): boolean;
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

  // --- what a session uses -------------------------------------------------------------------

  /** Whether a frame or header block has come in part. */
  protected get isMidBlock(): boolean {
    return this.#blocks.streamId !== 0 || this.#reader.isMidFrame;
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

  // --- frames --------------------------------------------------------------------------------

  onData(streamId: number, part: Buffer, flowBytes: number, flags: number, isLast: boolean): void {
    if (this.isOver) return;
    this.#checkOrder(FrameType.Data, streamId);
    const isEnd = isLast && (flags & Flag.EndStream) !== 0;
    if (part.length === 0 && isLast && !isEnd) this.count('emptyFrames');
    if (!this.incoming.take(flowBytes))
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
    if (!this.resets.has(streamId))
      throw connectionError(ErrorCode.StreamClosed, `${what} of a closed stream`);
  }

  /** What the peer does wrong on a stream ends the stream, and counts: for us it is as much work as a reset of its own. */
  #onStreamError(stream: Http2Stream, error: unknown): void {
    if (!(error instanceof Http2Error) || error.scope === 'connection') throw error;
    stream.breakOff(error.code, 'us', error.message);
    this.count('resets');
  }
}
